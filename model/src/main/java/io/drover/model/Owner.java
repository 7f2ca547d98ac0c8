package io.drover.model;

/** Whom a guest, an image or a piece of content belongs to; a label on guests. */
public record Owner(String value) implements Comparable<Owner> {
  /** Of guests that have no label. */
  public static final Owner NOBODY = new Owner("nobody");

  public Owner {
    Names.check("owner", value);
  }

  @Override
  public int compareTo(Owner other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
