using System.Net.Sockets;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Endpoint.PortForward;

/// <summary>Carries connections of a client to the ports of one pod.</summary>
/// <param name="pod">Its name and namespace, for messages.</param>
/// <param name="dial">Connects to a port of the pod.</param>
internal sealed class PortForwarding(string pod, string uid, Func<int, CancellationToken, Task<Stream>> dial)
{
    private const int BufferBytes = 32 * 1024;

    /// <summary>Carries one connection until both sides have said all, or the token is cancelled.</summary>
    /// <param name="finish">Called when the pod has said its last word.</param>
    /// <param name="halfClosed">Whether the client may go on after that: not where its protocol cannot tell that it has ended.</param>
    /// <returns>Why there is no connection, or null. A connection that breaks later just ends, as one without a forward would.</returns>
    public async Task<string?> CarryAsync(int port, Stream fromClient, Stream toClient, Func<ValueTask> finish, bool halfClosed, CancellationToken cancellationToken)
    {
        Stream connection;
        try
        {
            connection = await dial(port, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return $"error forwarding port {port} to pod {pod}, uid {uid}: {e.Message}";
        }
        await using (connection.ConfigureAwait(false))
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var sending = SendAsync(fromClient, connection, ended);
            try
            {
                await connection.CopyToAsync(toClient, BufferBytes, ended.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                await ended.CancelAsync().ConfigureAwait(false);
            }
            await finish().ConfigureAwait(false);
            if (!halfClosed) await ended.CancelAsync().ConfigureAwait(false);
            await sending.ConfigureAwait(false);
        }
        return null;
    }

    private static async Task SendAsync(Stream fromClient, Stream connection, CancellationTokenSource ended)
    {
        try
        {
            await fromClient.CopyToAsync(connection, BufferBytes, ended.Token).ConfigureAwait(false);
            if (connection is NetworkStream { Socket: var socket }) socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // A client that breaks off wants no more answers either.
            await ended.CancelAsync().ConfigureAwait(false);
        }
    }
}
