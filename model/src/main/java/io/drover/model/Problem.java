package io.drover.model;

/**
 * Something that did not work, told so that a person can mend it: a sentence with the values in it,
 * and a remedy. An expected refusal travels as this value; {@link ProblemException} carries it
 * where a call cannot return it.
 */
public record Problem(Kind kind, String code, String message, String remedy) {

  /** Whose turn it is to act; the one map to exit codes and HTTP statuses. */
  public enum Kind {
    /** The person asked for something that cannot be. */
    USAGE(2, 400),
    /** This host lacks a program, a privilege or a capability. */
    HOST(3, 503),
    /** The other host refused, failed or cannot be reached. */
    PEER(4, 502),
    /** Memory, disk or a limit is used up, or the thing is busy. */
    FULL(5, 409),
    /** The migration ran and did not succeed. */
    MIGRATION(6, 409),
    /** What was named does not exist. */
    UNKNOWN(7, 404),
    /** A bug of ours. */
    BUG(70, 500);

    private final int exitCode;
    private final int httpStatus;

    Kind(int exitCode, int httpStatus) {
      this.exitCode = exitCode;
      this.httpStatus = httpStatus;
    }

    public int exitCode() {
      return exitCode;
    }

    public int httpStatus() {
      return httpStatus;
    }
  }

  public static Problem usage(String code, String message, String remedy) {
    return new Problem(Kind.USAGE, code, message, remedy);
  }

  public static Problem host(String code, String message, String remedy) {
    return new Problem(Kind.HOST, code, message, remedy);
  }

  public static Problem peer(String code, String message, String remedy) {
    return new Problem(Kind.PEER, code, message, remedy);
  }

  public static Problem full(String code, String message, String remedy) {
    return new Problem(Kind.FULL, code, message, remedy);
  }

  public static Problem migration(String code, String message, String remedy) {
    return new Problem(Kind.MIGRATION, code, message, remedy);
  }

  public static Problem unknown(String code, String message, String remedy) {
    return new Problem(Kind.UNKNOWN, code, message, remedy);
  }

  public static Problem bug(String code, String message) {
    return new Problem(
        Kind.BUG, code, message, "This is a defect in Drover: please report it with the log.");
  }

  public ProblemException asException() {
    return new ProblemException(this);
  }

  public ProblemException asException(Throwable cause) {
    return new ProblemException(this, cause);
  }

  @Override
  public String toString() {
    return remedy.isEmpty() ? message : message + ". " + remedy;
  }
}
