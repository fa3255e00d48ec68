/** An error whose message is made of fixed words, numbers and names only, so that the log may hold it. */
export abstract class LoggableError extends Error {}
