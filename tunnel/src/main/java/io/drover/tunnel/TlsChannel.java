package io.drover.tunnel;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.security.cert.X509Certificate;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * One TLS connection on a blocking socket, for one reading and one writing thread at a time.
 *
 * <p>Built on {@link SSLEngine} rather than {@code SSLSocket} because a migration's bytes come in
 * bulk: several 16 KiB records go out in one system call and come in with one, where {@code
 * SSLSocket} takes one call for each record written and two for each read. docs/adr has the
 * numbers.
 *
 * <p>Time-outs are the caller's: {@link #close} from another thread ends whatever hangs.
 */
public final class TlsChannel implements Closeable {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final SocketChannel socket;
  private final SSLEngine engine;
  private final SocketAddress remote;
  private final ReentrantLock reading = new ReentrantLock();
  private final ReentrantLock writing = new ReentrantLock();
  private final int recordBytes;
  private final int plainBytes;
  // Sealed bytes read and not opened yet, ready to be taken from; and sealed ones on the way out.
  private ByteBuffer sealedIn;
  private ByteBuffer sealedOut;
  // Opened bytes for which a reader's own buffer was too small, ready to be taken from.
  private ByteBuffer opened = NOTHING;
  private boolean inputEnded;

  TlsChannel(SocketChannel socket, SSLEngine engine) throws IOException {
    this.socket = socket;
    this.engine = engine;
    remote = Objects.requireNonNull(socket.getRemoteAddress());
    recordBytes = engine.getSession().getPacketBufferSize();
    plainBytes = engine.getSession().getApplicationBufferSize();
    sealedIn = ByteBuffer.allocate(recordBytes).flip();
    sealedOut = ByteBuffer.allocate(recordBytes);
  }

  /** Larger buffers, for bulk: several records to a system call. */
  void useBulkBuffers(int bytes) {
    reading.lock();
    try {
      sealedIn = ByteBuffer.allocate(Math.max(bytes, recordBytes)).put(sealedIn).flip();
    } finally {
      reading.unlock();
    }
    writing.lock();
    try {
      sealedOut = ByteBuffer.allocate(Math.max(bytes, recordBytes));
    } finally {
      writing.unlock();
    }
  }

  /** Runs the handshake to its end. */
  void handshake() throws IOException {
    reading.lock();
    writing.lock();
    try {
      engine.beginHandshake();
      HandshakeStatus status = engine.getHandshakeStatus();
      while (status != HandshakeStatus.NOT_HANDSHAKING && status != HandshakeStatus.FINISHED) {
        status =
            switch (status) {
              case NEED_TASK -> runTasks();
              case NEED_WRAP -> wrapOnce(NOTHING).getHandshakeStatus();
              case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> unwrapForHandshake();
              case NOT_HANDSHAKING, FINISHED -> status;
            };
      }
    } catch (SSLException e) {
      sendAlert();
      throw e;
    } finally {
      writing.unlock();
      reading.unlock();
    }
  }

  private HandshakeStatus unwrapForHandshake() throws IOException {
    SSLEngineResult result = engine.unwrap(sealedIn, NOTHING);
    switch (result.getStatus()) {
      case OK -> {}
      case BUFFER_UNDERFLOW -> fill();
      case BUFFER_OVERFLOW -> throw new SSLException("bytes before the handshake was over");
      case CLOSED -> throw new EOFException("the peer ended the handshake");
    }
    return result.getHandshakeStatus();
  }

  /** Tells the peer why, if that is quickly done. */
  private void sendAlert() {
    try {
      while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP
          && wrapOnce(NOTHING).bytesProduced() > 0) {}
    } catch (IOException e) {
      // The connection is given up anyway, and the reason is on its way to the caller.
    }
  }

  private HandshakeStatus runTasks() {
    for (Runnable task = engine.getDelegatedTask();
        task != null;
        task = engine.getDelegatedTask()) {
      task.run();
    }
    return engine.getHandshakeStatus();
  }

  private SSLEngineResult wrapOnce(ByteBuffer plain) throws IOException {
    sealedOut.clear();
    SSLEngineResult result = engine.wrap(plain, sealedOut);
    flush();
    return result;
  }

  private void flush() throws IOException {
    sealedOut.flip();
    while (sealedOut.hasRemaining()) {
      socket.write(sealedOut);
    }
  }

  /** Gets more sealed bytes; an end here came without close_notify. */
  private void fill() throws IOException {
    sealedIn.compact();
    int count;
    try {
      count = socket.read(sealedIn);
    } finally {
      sealedIn.flip();
    }
    if (count < 0) {
      throw new EOFException("the connection ended without a close_notify");
    }
  }

  /** The application protocol that both sides agreed on; empty if none. */
  String applicationProtocol() {
    String protocol = engine.getApplicationProtocol();
    return protocol == null ? "" : protocol;
  }

  X509Certificate peerCertificate() throws SSLPeerUnverifiedException {
    return (X509Certificate) engine.getSession().getPeerCertificates()[0];
  }

  /** The cipher suite in use. */
  String cipherSuite() {
    return engine.getSession().getCipherSuite();
  }

  SocketAddress remote() {
    return remote;
  }

  /** Limits what the kernel holds of this connection's unsent and unacknowledged bytes. */
  void limitInFlight(int bytes) throws IOException {
    socket.setOption(StandardSocketOptions.SO_SNDBUF, bytes);
  }

  /**
   * Reads what is there, at least one byte. A buffer with room for several records gets all that
   * have arrived.
   *
   * @return the count, or -1 after the peer's close_notify
   * @throws EOFException if the connection ended without one
   */
  int read(ByteBuffer target) throws IOException {
    reading.lock();
    try {
      if (opened.hasRemaining()) {
        return take(target);
      }
      int before = target.position();
      while (!inputEnded) {
        boolean direct = target.remaining() >= plainBytes;
        if (!direct && target.position() > before) {
          break; // the next record might not fit
        }
        if (!direct && opened.capacity() == 0) {
          opened = ByteBuffer.allocate(plainBytes);
        }
        SSLEngineResult result = unwrap(direct, target);
        switch (result.getStatus()) {
          case OK -> {}
          case BUFFER_UNDERFLOW -> {
            if (target.position() > before) {
              return target.position() - before;
            }
            fill();
          }
          case BUFFER_OVERFLOW -> throw new IllegalStateException("a record above its limit");
          case CLOSED -> inputEnded = true;
        }
        afterUnwrap(result.getHandshakeStatus());
        if (opened.hasRemaining()) {
          return take(target);
        }
      }
      return target.position() > before ? target.position() - before : -1;
    } finally {
      reading.unlock();
    }
  }

  private SSLEngineResult unwrap(boolean direct, ByteBuffer target) throws IOException {
    if (direct) {
      return engine.unwrap(sealedIn, target);
    }
    opened.clear();
    try {
      return engine.unwrap(sealedIn, opened);
    } finally {
      opened.flip();
    }
  }

  private int take(ByteBuffer target) {
    int count = Math.min(opened.remaining(), target.remaining());
    target.put(opened.slice(opened.position(), count));
    opened.position(opened.position() + count);
    return count;
  }

  /** New keys after every 128 GiB: the answer goes out now, or with the write under way. */
  private void afterUnwrap(HandshakeStatus status) throws IOException {
    if (status == HandshakeStatus.NEED_TASK) {
      runTasks();
    }
    if (status == HandshakeStatus.NEED_WRAP && !inputEnded && writing.tryLock()) {
      try {
        wrapOnce(NOTHING);
      } finally {
        writing.unlock();
      }
    }
  }

  /** Writes all of it, in as few system calls as the buffer allows. */
  void write(ByteBuffer plain) throws IOException {
    writing.lock();
    try {
      while (plain.hasRemaining()) {
        sealedOut.clear();
        do {
          SSLEngineResult result = engine.wrap(plain, sealedOut);
          switch (result.getStatus()) {
            case OK -> {}
            case CLOSED -> throw new IOException("written to after its end");
            case BUFFER_OVERFLOW, BUFFER_UNDERFLOW ->
                throw new IllegalStateException("unexpected " + result);
          }
          if (result.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
            runTasks();
          }
        } while (plain.hasRemaining() && sealedOut.remaining() >= recordBytes);
        flush();
      }
    } finally {
      writing.unlock();
    }
  }

  /** Says close_notify: nothing more comes from here; reading goes on. */
  void shutdownOutput() throws IOException {
    writing.lock();
    try {
      engine.closeOutbound();
      while (!engine.isOutboundDone()) {
        sealedOut.clear();
        SSLEngineResult result = engine.wrap(NOTHING, sealedOut);
        flush();
        if (result.bytesProduced() == 0) {
          break;
        }
      }
    } finally {
      writing.unlock();
    }
  }

  public InputStream in() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        return length == 0 ? 0 : TlsChannel.this.read(ByteBuffer.wrap(bytes, offset, length));
      }

      @Override
      public void close() throws IOException {
        TlsChannel.this.close();
      }
    };
  }

  public OutputStream out() {
    return new OutputStream() {
      @Override
      public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        TlsChannel.this.write(ByteBuffer.wrap(bytes, offset, length));
      }

      @Override
      public void close() throws IOException {
        shutdownOutput();
      }
    };
  }

  /** Drops the connection at once, without a close_notify. */
  @Override
  public void close() throws IOException {
    socket.close();
  }
}
