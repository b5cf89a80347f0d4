using System.Security.Cryptography;
using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote.Transport;

namespace Akka.Remote;

/// <summary>
/// The provider of a system that talks to others (<c>akka.actor.provider = remote</c>): local actors as usual, and
/// references to actors of other systems by their address.
/// </summary>
public class RemoteActorRefProvider : IActorRefProvider
{
    private readonly LocalActorRefProvider _local;

    public RemoteActorRefProvider(string systemName, Settings settings, EventStream eventStream)
    {
        Settings = settings;
        settings.InjectTopLevelFallback(DefaultConfig());
        RemoteSettings = new RemoteSettings(settings.Config);
        _local = new LocalActorRefProvider(systemName, settings, eventStream);
    }

    /// <inheritdoc />
    public IInternalActorRef RootGuardian => _local.RootGuardian;

    /// <inheritdoc />
    public LocalActorRef Guardian => _local.Guardian;

    /// <inheritdoc />
    public LocalActorRef SystemGuardian => _local.SystemGuardian;

    /// <inheritdoc />
    public IActorRef DeadLetters => _local.DeadLetters;

    /// <inheritdoc />
    public IActorRef IgnoreRef => _local.IgnoreRef;

    /// <inheritdoc />
    public ActorPath RootPath => _local.RootPath;

    /// <inheritdoc />
    public Settings Settings { get; }

    /// <inheritdoc />
    public Deployer Deployer => _local.Deployer;

    /// <inheritdoc />
    public IInternalActorRef TempContainer => _local.TempContainer;

    /// <inheritdoc />
    public Task TerminationTask { get; private set; } = Task.CompletedTask;

    /// <inheritdoc />
    public Address DefaultAddress => Transport?.LocalAddress ?? _local.DefaultAddress;

    internal RemoteSettings RemoteSettings { get; }

    internal RemoteTransport Transport { get; private set; } = null!;

    /// <summary>Watches remote actors for the local ones.</summary>
    internal IActorRef RemoteWatcher { get; private set; } = null!;

    /// <inheritdoc />
    public virtual void Init(ActorSystemImpl system)
    {
        _local.Init(system);
        var uid = 0;
        while (uid == 0)
            uid = RandomNumberGenerator.GetInt32(int.MinValue, int.MaxValue);
        Transport = new RemoteTransport(system, RemoteSettings, uid, new RemoteMessageDispatcher(system, this, RemoteSettings));
        Transport.Start();
        TerminationTask = ShutDownAsync();
        RemoteWatcher = system.SystemActorOf(RemoteWatcherProps(), "remote-watcher");
        var listening = new RemotingListenEvent([Transport.LocalAddress]);
        Transport.Log.Info("{0}", listening);
        system.EventStream.Publish(listening);
    }

    /// <inheritdoc />
    public ActorPath TempPath() => _local.TempPath();

    /// <inheritdoc />
    public void RegisterTempActor(IInternalActorRef actorRef, ActorPath path) => _local.RegisterTempActor(actorRef, path);

    /// <inheritdoc />
    public void UnregisterTempActor(ActorPath path) => _local.UnregisterTempActor(path);

    /// <inheritdoc />
    public IActorRef RootGuardianAt(Address address) => IsLocal(address)
        ? RootGuardian
        : new RemoteActorRef(this, new RootActorPath(address));

    /// <inheritdoc />
    /// <exception cref="NotSupportedException">The actor is to be deployed on another system.</exception>
    public IInternalActorRef ActorOf(ActorSystemImpl system, Props props, IInternalActorRef supervisor, ActorPath path,
        bool systemService, Deploy deploy, bool lookupDeploy, bool async)
    {
        if (props.Deploy?.Scope is RemoteScope scope && !IsLocal(scope.Address))
            throw new NotSupportedException($"{path} cannot be created on {scope.Address}: remote deployment is not supported.");
        return _local.ActorOf(system, props, supervisor, path, systemService, deploy, lookupDeploy, async);
    }

    /// <inheritdoc />
    public IActorRef ResolveActorRef(string path)
    {
        if (IgnoreActorRef.IsIgnoreRefPath(path))
            return IgnoreRef;
        return ActorPath.TryParse(path, out var parsed) ? ResolveActorRef(parsed) : DeadLetters;
    }

    /// <inheritdoc />
    public IActorRef ResolveActorRef(ActorPath actorPath) => IsLocal(actorPath.Address)
        ? _local.ResolveActorRef(actorPath)
        : new RemoteActorRef(this, actorPath);

    /// <inheritdoc />
    public Address GetExternalAddressFor(Address address) => IsLocal(address) ? DefaultAddress : address.HasGlobalScope ? DefaultAddress : null!;

    /// <summary>Follows a selection that came from another system through the local actors.</summary>
    internal void DeliverSelection(IInternalActorRef anchor, ActorSelectionMessage selection, IActorRef? sender) =>
        ActorSelection.DeliverSelection(anchor, sender, selection);

    /// <summary>The defaults of the keys that this provider adds.</summary>
    protected virtual Config DefaultConfig() => RemoteConfigFactory.Default();

    internal virtual Props RemoteWatcherProps() => Props.Create(() => new RemoteWatcher(this));

    /// <summary>The transport goes after the actors, so that their last messages, and the news of their end, still leave.</summary>
    private async Task ShutDownAsync()
    {
        await _local.TerminationTask.ConfigureAwait(false);
        try
        {
            await Transport.ShutdownAsync().WaitAsync(RemoteSettings.ShutdownTimeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Transport.Abort();
        }
    }

    private bool IsLocal(Address address) =>
        address.HasLocalScope ? address.System == RootPath.Address.System : address.Equals(Transport?.LocalAddress);
}
