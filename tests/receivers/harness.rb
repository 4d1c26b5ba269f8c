# As harness.cjs, for Ruby: `ruby harness.rb SNIPPET`.

require File.expand_path(ARGV.fetch(0))

STDIN.binmode
STDIN.each_line do |line|
  begin
    secret, timestamp, signature, body = line.chomp("\n").split("\t", 4)
    puts from_organicagent?(body, timestamp, signature, secret) == true ? "yes" : "no"
  rescue StandardError => error
    puts "no #{error.class}: #{error.message.tr("\n", " ")}"
  end
end
