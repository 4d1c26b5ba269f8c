<?php
// As harness.cjs, for PHP: `php harness.php SNIPPET`.

require $argv[1];

while (($line = fgets(STDIN)) !== false) {
    try {
        [$secret, $timestamp, $signature, $body] = explode("\t", rtrim($line, "\n"), 4);
        echo is_from_organicagent($body, $timestamp, $signature, $secret) === true ? "yes\n" : "no\n";
    } catch (Throwable $error) {
        echo 'no ', get_class($error), ': ', str_replace("\n", ' ', $error->getMessage()), "\n";
    }
}
