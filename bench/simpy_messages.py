#!/usr/bin/python3
"""SimPy as others would use it: bare time-outs, and processes that send each other messages through stores.

    simpy_messages.py MESSAGES     JSON on standard output, by processor time
"""

import json
import sys
import time

import simpy

SERVERS, CLIENTS_OF_EACH = 3, 5
DELAY = 1e-4


def rate(count, start):
    """What `start` puts into an environment, run to its end."""
    environment = simpy.Environment()
    start(environment)
    begun = time.process_time()
    environment.run()
    return round(count / (time.process_time() - begun))


def bare_events(count):
    processes = 100

    def process(environment):
        for _ in range(count // processes):
            yield environment.timeout(DELAY)

    def start(environment):
        for _ in range(processes):
            environment.process(process(environment))
    return rate(count, start)


def messages(count):
    each = count // 2 // (SERVERS * CLIENTS_OF_EACH)

    def deliver(environment, store, message):
        yield environment.timeout(DELAY)
        store.put(message)

    def server(environment, inbox):
        while True:
            reply_to = yield inbox.get()
            environment.process(deliver(environment, reply_to, b""))

    def client(environment, inbox, own):
        for _ in range(each):
            environment.process(deliver(environment, inbox, own))
            yield own.get()

    def start(environment):
        for _ in range(SERVERS):
            inbox = simpy.Store(environment)
            environment.process(server(environment, inbox))
            for _ in range(CLIENTS_OF_EACH):
                environment.process(client(environment, inbox, simpy.Store(environment)))
    return rate(each * 2 * SERVERS * CLIENTS_OF_EACH, start)


def main():
    if len(sys.argv) != 2 or not sys.argv[1].isdigit() or int(sys.argv[1]) < 1000:
        print("usage: simpy_messages.py MESSAGES (at least 1000)", file=sys.stderr)
        return 2
    count = int(sys.argv[1])
    print(json.dumps({"events_a_second": bare_events(count), "messages_a_second": messages(count)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
