package io.drover.lab;

/** Where the pieces of one case are measured: a lab with what is in it. Opened when first used. */
interface Site extends AutoCloseable {
  /**
   * Measures once.
   *
   * @throws io.drover.model.ProblemException when the run fails
   */
  Measured measure(Piece piece);

  /** After a failure nobody knows what state things are in: begin anew with the next piece. */
  @Override
  void close();
}
