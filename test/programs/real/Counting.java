// SPDX-License-Identifier: Apache-2.0
import java.util.HashMap;
import java.util.Map;

public class Counting {
    public static void main(String[] arguments) throws InterruptedException {
        Map<Integer, String> table = new HashMap<>();
        for (int index = 0; index < 50_000; index++) table.put(index, "v" + index);
        long state = 1;
        for (long step = 1;; step++) {
            state = state * 6364136223846793005L + table.get((int) (step % 50_000)).length();
            System.out.println(step + " " + Long.toUnsignedString(state));
            Thread.sleep(5);
        }
    }
}
