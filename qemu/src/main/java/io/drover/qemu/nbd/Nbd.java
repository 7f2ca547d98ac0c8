package io.drover.qemu.nbd;

/** The numbers of the NBD protocol. */
final class Nbd {
  /** The most that one request may carry either way: what any peer has to take. */
  static final int MAX_PAYLOAD_BYTES = 32 << 20;

  /** The longest string, in bytes. */
  static final int MAX_STRING_BYTES = 4096;

  /** What an option or its reply may carry: many times what any peer has to say. */
  static final int MAX_OPTION_BYTES = 64 << 10;

  static final String ALLOCATION = "base:allocation";

  static final long GREETING = 0x4e42444d41474943L; // "NBDMAGIC"
  static final long OPTION_MAGIC = 0x49484156454f5054L; // "IHAVEOPT"
  static final long OLD_STYLE = 0x00420281861253L;
  static final long OPTION_REPLY_MAGIC = 0x0003e889045565a9L;
  static final int REQUEST_MAGIC = 0x25609513;
  static final int SIMPLE_REPLY_MAGIC = 0x67446698;
  static final int CHUNK_MAGIC = 0x668e33ef;

  static final int FIXED_NEWSTYLE = 1;
  static final int NO_ZEROES = 2;

  static final int OPTION_EXPORT_NAME = 1;
  static final int OPTION_ABORT = 2;
  static final int OPTION_LIST = 3;
  static final int OPTION_INFO = 6;
  static final int OPTION_GO = 7;
  static final int OPTION_STRUCTURED_REPLY = 8;
  static final int OPTION_LIST_META_CONTEXT = 9;
  static final int OPTION_SET_META_CONTEXT = 10;

  static final int REPLY_ACK = 1;
  static final int REPLY_SERVER = 2;
  static final int REPLY_INFO = 3;
  static final int REPLY_META_CONTEXT = 4;
  static final int ERROR_UNSUPPORTED = 0x8000_0001;
  static final int ERROR_INVALID = 0x8000_0003;
  static final int ERROR_UNKNOWN_EXPORT = 0x8000_0006;
  static final int ERROR_BLOCK_SIZE_REQUIRED = 0x8000_0008;
  static final int ERROR_TOO_BIG = 0x8000_0009;

  static final int INFO_EXPORT = 0;
  static final int INFO_NAME = 1;
  static final int INFO_BLOCK_SIZE = 3;

  static final int HAS_FLAGS = 1;
  static final int SEND_DF = 1 << 7;

  static final int CHUNK_DONE = 1;
  static final int CHUNK_NONE = 0;
  static final int CHUNK_DATA = 1;
  static final int CHUNK_HOLE = 2;
  static final int CHUNK_BLOCK_STATUS = 5;
  static final int CHUNK_ERROR = 0x8001;

  /** Chunks that report an error have this bit, also those not known yet. */
  static final int CHUNK_IS_ERROR = 0x8000;

  /** Beyond the specification's own: the largest list of extents that a server may send. */
  static final int MAX_EXTENTS = 1 << 20;

  private Nbd() {}
}
