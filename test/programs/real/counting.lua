-- SPDX-License-Identifier: Apache-2.0
-- Standard Lua cannot sleep: it spins, so that it is prepared while it computes.
local table_size = 50000
local words = {}
for index = 0, table_size do words[index] = tostring(index) .. "x" end
local step, state = 0, 1
while true do
  state = (state * 1103515245 + #words[step % table_size] + 12345) & 0x7fffffff
  step = step + 1
  io.write(step, " ", state, "\n")
  io.flush()
  local until_time = os.clock() + 0.005
  while os.clock() < until_time do end
end
