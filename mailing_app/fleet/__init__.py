"""The fleet: workers on many machines that share the work through a queue on PostgreSQL. Its door is `worker.Worker`.

The queue is procrastinate's, and nothing else in the house knows of it. A job holds no truth: it only says that
somebody should look, and what there is to do stands in our own tables.
"""
