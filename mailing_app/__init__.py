"""The mailing service: clients, mailings, and the sending of one message to each matching client."""
