using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Akka.Remote.TestKit.Internal;

/// <summary>The centre of a run: holds the barriers, knows the addresses, and passes on the orders of tests.</summary>
internal sealed class Conductor : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<string, Peer> _peers = new();
    private readonly ConcurrentDictionary<Peer, Task> _serving = new();
    private readonly ConcurrentDictionary<string, bool> _removed = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IReadOnlyList<string> _roles;
    private readonly Func<string, int, Task> _exit;
    private readonly Barriers _barriers;
    private readonly Task _accepting;

    /// <param name="roles">Everybody who takes part.</param>
    /// <param name="exit">Ends the process of a role with an exit code; completes when it is gone.</param>
    public Conductor(IReadOnlyList<string> roles, Func<string, int, Task> exit)
    {
        _roles = roles;
        _exit = exit;
        _barriers = new Barriers(roles);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    /// <summary>TCP port on loopback.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>The process of the role has ended: whoever waits for it must not.</summary>
    public void OnExited(string role)
    {
        _barriers.Lost(role);
        _complete.TrySetException(new InvalidOperationException($"{role} has ended before all roles were up."));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        foreach (var peer in _serving.Keys) await peer.Channel.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(_serving.Values).ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var peer = new Peer(new FrameChannel(await _listener.AcceptAsync(_stopping.Token).ConfigureAwait(false)));
                _serving[peer] = ServeAsync(peer);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                if (_stopping.IsCancellationRequested) return;
            }
        }
    }

    private async Task ServeAsync(Peer peer)
    {
        try
        {
            while (await peer.Channel.ReceiveAsync(_stopping.Token).ConfigureAwait(false) is { } frame)
            {
                if (frame.Op == ConductorOp.Reply) peer.Replies.Complete(frame);
                // Not awaited: a barrier takes its time, and orders must come through meanwhile.
                else _ = AnswerAsync(peer, frame);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidDataException or ObjectDisposedException)
        {
            // The other side is gone or talks nonsense; both end the connection below.
        }
        finally
        {
            await peer.Channel.DisposeAsync().ConfigureAwait(false);
            peer.Replies.Close($"{peer.Role ?? "A node"} has closed its connection to the conductor.");
            if (peer.Role is { } role && _peers.TryRemove(KeyValuePair.Create(role, peer))) _barriers.Lost(role);
        }
    }

    private async Task AnswerAsync(Peer peer, ConductorFrame frame)
    {
        ConductorFrame reply;
        try
        {
            reply = await HandleAsync(peer, frame).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            reply = Reply(e.Message);
        }

        try
        {
            await peer.Channel.SendAsync(reply with { Id = frame.Id }).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Its end is noticed by the reading side.
        }
    }

    private async Task<ConductorFrame> HandleAsync(Peer peer, ConductorFrame frame)
    {
        switch (frame.Op)
        {
            case ConductorOp.Hello: return await WelcomeAsync(peer, frame).ConfigureAwait(false);
            case ConductorOp.Enter:
                return Reply(await _barriers.EnterAsync(peer.Role!, frame.Barrier!, TimeSpan.FromMilliseconds(frame.TimeoutMs)).ConfigureAwait(false));
            case ConductorOp.Exit:
                Remove(Known(frame.Node));
                await _exit(frame.Node!, frame.ExitValue).ConfigureAwait(false);
                return Reply();
            case ConductorOp.Remove:
                Remove(Known(frame.Node));
                return Reply();
            case ConductorOp.Nodes: return Reply() with { Addresses = Addresses() };
            case ConductorOp.Shutdown:
                var last = Peer(frame.Node);
                Remove(frame.Node!);
                return await last.Replies.AskAsync(last.Channel, frame).ConfigureAwait(false);
            default:
                var node = Peer(frame.Node);
                return await node.Replies.AskAsync(node.Channel, frame with { Address = Peer(frame.Target).Address }).ConfigureAwait(false);
        }
    }

    private async Task<ConductorFrame> WelcomeAsync(Peer peer, ConductorFrame frame)
    {
        peer.Address = frame.Address;
        peer.Role = Known(frame.Node);
        if (!_peers.TryAdd(peer.Role, peer)) throw new InvalidOperationException($"There already is a process for {peer.Role}.");
        if (_roles.All(_peers.ContainsKey)) _complete.TrySetResult();
        await _complete.Task.ConfigureAwait(false);
        return Reply() with { Addresses = _peers.ToDictionary(p => p.Key, p => p.Value.Address!) };
    }

    private void Remove(string role)
    {
        _removed[role] = true;
        _barriers.Remove(role);
    }

    private Dictionary<string, string> Addresses() =>
        _peers.Where(p => !_removed.ContainsKey(p.Key)).ToDictionary(p => p.Key, p => p.Value.Address!);

    private string Known(string? role) =>
        role is not null && _roles.Contains(role) ? role : throw new InvalidOperationException($"There is no role '{role}'.");

    private Peer Peer(string? role) =>
        _peers.TryGetValue(Known(role), out var peer) ? peer : throw new InvalidOperationException($"{role} is not connected to the conductor.");

    private static ConductorFrame Reply(string? error = null) => new(ConductorOp.Reply, 0) { Error = error };
}

/// <summary>One connected node.</summary>
internal sealed class Peer(FrameChannel channel)
{
    public FrameChannel Channel { get; } = channel;
    public PendingReplies Replies { get; } = new();
    public string? Role { get; set; }
    public string? Address { get; set; }
}
