-- Write something: a Redis that is full or read-only says so here.
redis.call('SET', 'backroom:ready', 1, 'EX', 60)
