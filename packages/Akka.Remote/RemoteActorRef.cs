using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Remote.Transport;

namespace Akka.Remote;

/// <summary>An actor of another system. What it is told is handed to the transport.</summary>
public class RemoteActorRef : InternalActorRefBase, IRemoteRef
{
    private readonly RemoteActorRefProvider _provider;
    private string? _serializedPath;

    internal RemoteActorRef(RemoteActorRefProvider provider, ActorPath path)
    {
        _provider = provider;
        Path = path;
        var elements = path.Elements;
        IsControl = elements.Count >= 2 && elements[0] == "system" && elements[1] is "cluster" or "remote-watcher";
    }

    /// <inheritdoc />
    public override ActorPath Path { get; }

    /// <inheritdoc />
    public override IActorRefProvider Provider => _provider;

    /// <inheritdoc />
    public override IInternalActorRef Parent => (IInternalActorRef)_provider.ResolveActorRef(Path.Parent);

    /// <inheritdoc />
    public override bool IsLocal => false;

    /// <inheritdoc />
    public override bool IsTerminated => false;

    /// <summary>Whether what is sent there overtakes other messages: membership and heartbeats.</summary>
    internal bool IsControl { get; }

    /// <summary>The path without the address, with the uid: how the receiving system finds the actor.</summary>
    internal string SerializedPath => _serializedPath ??= PathFormat.Relative(Path);

    /// <inheritdoc />
    public override IActorRef GetChild(IReadOnlyList<string> name)
    {
        var path = Path;
        foreach (var element in name)
        {
            if (element == "..")
                path = path.Parent;
            else if (!string.IsNullOrEmpty(element))
                path /= element;
        }

        return _provider.ResolveActorRef(path);
    }

    /// <inheritdoc />
    public override void Start()
    {
    }

    /// <inheritdoc />
    public override void Resume(Exception? causedByFailure = null) => throw NotSupervised();

    /// <inheritdoc />
    public override void Suspend() => throw NotSupervised();

    /// <inheritdoc />
    public override void Restart(Exception cause) => throw NotSupervised();

    /// <inheritdoc />
    public override void Stop() => SendSystemMessage(new Terminate());

    /// <inheritdoc />
    public override void SendSystemMessage(ISystemMessage message)
    {
        switch (message)
        {
            // The remote watcher watches on behalf of all, and sees to it that the death of the whole system is noticed.
            case Watch watch when !watch.Watcher.Equals(_provider.RemoteWatcher):
                _provider.RemoteWatcher.Tell(new RemoteWatcher.WatchRemote(watch.Watchee, watch.Watcher), ActorRefs.NoSender);
                break;
            case Unwatch unwatch when !unwatch.Watcher.Equals(_provider.RemoteWatcher):
                _provider.RemoteWatcher.Tell(new RemoteWatcher.UnwatchRemote(unwatch.Watchee, unwatch.Watcher), ActorRefs.NoSender);
                break;
            default:
                _provider.Transport.Send(new OutboundMessage(this, message, null, IsSystemMessage: true));
                break;
        }
    }

    /// <inheritdoc />
    protected override void TellInternal(object message, IActorRef sender) =>
        _provider.Transport.Send(new OutboundMessage(this, message, sender, IsSystemMessage: false));

    private NotSupportedException NotSupervised() => new($"{Path} is in another system and is not supervised from here.");
}

/// <summary>Marks references to actors of other systems.</summary>
public interface IRemoteRef : IActorRefScope
{
}

/// <summary>How paths are written into frames.</summary>
internal static class PathFormat
{
    /// <summary>Path and uid without the address.</summary>
    public static string Relative(ActorPath path)
    {
        var text = path.ToStringWithoutAddress();
        return path.Uid == ActorPath.UndefinedUid ? text : $"{text}#{path.Uid}";
    }
}
