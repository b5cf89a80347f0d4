using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Orchestrator.Host.ApiServer;

/// <summary>How webhooks and aggregated servers are reached: by the name that their certificate is for, at an endpoint that was chosen.</summary>
public static class ServiceConnection
{
    private static readonly HttpRequestOptionsKey<DnsEndPoint> Endpoint = new("connect-to");

    /// <summary>Lets a request go to an endpoint, whatever host its URL names.</summary>
    public static void Direct(HttpRequestMessage request, string host, int port) => request.Options.Set(Endpoint, new DnsEndPoint(host, port));

    /// <summary>The callback of a handler whose requests were directed, or go where their URL says.</summary>
    public static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var endpoint = context.InitialRequestMessage.Options.TryGetValue(Endpoint, out var chosen) ? chosen : context.DnsEndPoint;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Believes the authorities of a bundle and no others.</summary>
    /// <param name="caBundle">Certificates in PEM.</param>
    public static X509ChainPolicy TrustOnly(ReadOnlySpan<byte> caBundle)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.ImportFromPem(Encoding.ASCII.GetString(caBundle));
        return policy;
    }
}
