# SPDX-License-Identifier: Apache-2.0
table = (0...50_000).map { |index| (index * 2_654_435_761).to_s }
step = 0
state = 1
loop do
  state = (state * 6_364_136_223_846_793_005 + table[step % 50_000].length) % 2**64
  step += 1
  puts "#{step} #{state}"
  $stdout.flush
  sleep 0.005
end
