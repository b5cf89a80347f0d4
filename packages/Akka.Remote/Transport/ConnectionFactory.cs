using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Akka.Actor;

namespace Akka.Remote.Transport;

/// <summary>Makes connections in either role: socket, TLS when configured, and the handshake, all within a time limit.</summary>
internal sealed class ConnectionFactory(RemoteSettings settings)
{
    private const SslProtocols Protocols = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>Where to listen, and the host that others shall use if no public one is configured.</summary>
    public static (IPEndPoint EndPoint, string Host) ResolveBind(RemoteSettings settings)
    {
        if (string.IsNullOrEmpty(settings.Hostname))
        {
            // Any interface, known to others by the first address of this host.
            var own = Dns.GetHostAddresses(Dns.GetHostName(), AddressFamily.InterNetwork).FirstOrDefault() ?? IPAddress.Loopback;
            return (new IPEndPoint(IPAddress.Any, settings.Port), own.ToString());
        }

        if (IPAddress.TryParse(settings.Hostname, out var literal))
            return (new IPEndPoint(literal, settings.Port), settings.Hostname);
        var resolved = Dns.GetHostAddresses(settings.Hostname)
            .OrderBy(a => a.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)
            .FirstOrDefault() ?? throw new RemoteTransportException($"The host '{settings.Hostname}' has no address.");
        return (new IPEndPoint(resolved, settings.Port), settings.Hostname);
    }

    /// <summary>Connects to the peer and introduces this system.</summary>
    public async Task<RemoteConnection> ConnectAsync(Address remote, Hello hello, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(settings.ConnectionTimeout);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            Tune(socket);
            await socket.ConnectAsync(remote.Host!, remote.Port!.Value, limit.Token).ConfigureAwait(false);
            limit.CancelAfter(settings.HandshakeTimeout);
            var stream = await SecureAsync(new NetworkStream(socket, ownsSocket: true), remote.Host, limit.Token).ConfigureAwait(false);
            var (input, output) = Pipe(stream);
            FrameCodec.Write(output, Handshake.Encode(hello), default);
            await output.FlushAsync(limit.Token).ConfigureAwait(false);
            var welcome = Handshake.DecodeWelcome(await ReadOpeningFrameAsync(input, limit.Token).ConfigureAwait(false));
            if (!welcome.From.Equals(remote))
                throw new RemoteTransportException($"{welcome.From} answered at {remote}.");
            return new RemoteConnection(stream, input, output, remote, welcome.Uid, false, settings.MaximumFrameSize);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            throw new RemoteTransportException($"{remote} did not answer in time.");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Receives a peer's introduction and answers it.</summary>
    /// <returns>The connection, or null when the peer has been refused.</returns>
    public async Task<RemoteConnection?> AcceptAsync(Socket socket, Func<Hello, (byte[] Answer, bool Accepted)> judge,
        CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(settings.HandshakeTimeout);
        Tune(socket);
        var stream = await SecureAsync(new NetworkStream(socket, ownsSocket: true), null, limit.Token).ConfigureAwait(false);
        var (input, output) = Pipe(stream);
        var hello = Handshake.DecodeHello(await ReadOpeningFrameAsync(input, limit.Token).ConfigureAwait(false));
        var (answer, accepted) = judge(hello);
        FrameCodec.Write(output, answer, default);
        await output.FlushAsync(limit.Token).ConfigureAwait(false);
        if (accepted)
            return new RemoteConnection(stream, input, output, hello.From, hello.Uid, true, settings.MaximumFrameSize);
        await stream.DisposeAsync().ConfigureAwait(false);
        return null;
    }

    private static async Task<byte[]> ReadOpeningFrameAsync(PipeReader input, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            if (FrameCodec.TryRead(ref buffer, Handshake.MaxLength, out var frame))
            {
                var bytes = new byte[frame.Length];
                var offset = 0;
                foreach (var segment in frame)
                {
                    segment.Span.CopyTo(bytes.AsSpan(offset));
                    offset += segment.Length;
                }

                input.AdvanceTo(buffer.Start);
                return bytes;
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
                throw new IOException("The peer closed the connection during the handshake.");
        }
    }

    private static (PipeReader Input, PipeWriter Output) Pipe(Stream stream) =>
        (PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 32 * 1024, minimumReadSize: 4 * 1024, leaveOpen: true)),
            PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: 16 * 1024, leaveOpen: true)));

    private void Tune(Socket socket)
    {
        socket.NoDelay = settings.TcpNoDelay;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, settings.TcpKeepAlive);
        if (settings.SendBufferSize > 0)
            socket.SendBufferSize = settings.SendBufferSize;
        if (settings.ReceiveBufferSize > 0)
            socket.ReceiveBufferSize = settings.ReceiveBufferSize;
    }

    /// <summary>Wraps the stream into TLS, as server when no host is given.</summary>
    private async Task<Stream> SecureAsync(Stream plain, string? dialledHost, CancellationToken cancellationToken)
    {
        if (settings.Ssl is not { } ssl)
            return plain;
        var refusal = "";
        var secured = new SslStream(plain, leaveInnerStreamOpen: false);
        bool Validate(object _, System.Security.Cryptography.X509Certificates.X509Certificate? certificate,
            System.Security.Cryptography.X509Certificates.X509Chain? __, SslPolicyErrors errors) =>
            ssl.Validate(certificate, errors, dialledHost is not null, out refusal);
        try
        {
            if (dialledHost is null)
            {
                await secured.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
                {
                    ServerCertificate = ssl.Certificate,
                    ClientCertificateRequired = ssl.RequireMutualAuthentication,
                    EnabledSslProtocols = Protocols,
                    RemoteCertificateValidationCallback = Validate,
                }, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
                {
                    TargetHost = dialledHost,
                    ClientCertificates = [ssl.Certificate],
                    LocalCertificateSelectionCallback = (_, _, _, _, _) => ssl.Certificate,
                    EnabledSslProtocols = Protocols,
                    RemoteCertificateValidationCallback = Validate,
                }, cancellationToken).ConfigureAwait(false);
            }

            return secured;
        }
        catch (AuthenticationException e) when (refusal.Length > 0)
        {
            throw new RemoteTransportException($"The peer is not trusted: {refusal}.", e);
        }
    }
}
