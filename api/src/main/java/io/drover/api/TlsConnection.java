package io.drover.api;

import io.drover.model.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** To an agent's one port, with an operator's certificate. */
final class TlsConnection implements ClientConnection {
  private static final int CONNECT_MILLIS = 10_000;

  record At(String host, int port, SSLSocketFactory sockets, Duration patience) implements Factory {

    @Override
    public ClientConnection connect() {
      try {
        return new TlsConnection(this);
      } catch (SSLException e) {
        throw Problem.peer(
                "tls-refused",
                "The agent at %s and this side do not trust each other: %s"
                    .formatted(authority(), e.getMessage()),
                "Check that both certificates are of the same fleet, valid, and that the agent's"
                    + " 'operators' lists yours.")
            .asException(e);
      } catch (IOException e) {
        throw Problem.host(
                "no-agent",
                "No agent answers at %s (%s)".formatted(authority(), e.getMessage()),
                "Check the address and that the agent there runs.")
            .asException(e);
      }
    }

    @Override
    public String authority() {
      return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
  }

  private final SSLSocket socket;

  private TlsConnection(At at) throws IOException {
    Socket plain = new Socket();
    try {
      plain.connect(new InetSocketAddress(at.host(), at.port()), CONNECT_MILLIS);
      plain.setSoTimeout(Math.toIntExact(at.patience().toMillis()));
      socket = (SSLSocket) at.sockets().createSocket(plain, at.host(), at.port(), true);
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setProtocols(new String[] {"TLSv1.3"});
      parameters.setApplicationProtocols(new String[] {"http/1.1"});
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      socket.startHandshake();
    } catch (IOException e) {
      plain.close();
      throw e;
    }
  }

  @Override
  public InputStream in() {
    try {
      return socket.getInputStream();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Override
  public OutputStream out() {
    try {
      return socket.getOutputStream();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
