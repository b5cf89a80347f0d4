using Akka.Actor.Internal;

namespace Akka.Actor;

/// <summary>Makes and finds the references of a system; remoting and clustering bring their own.</summary>
public interface IActorRefProvider
{
    IInternalActorRef RootGuardian { get; }
    LocalActorRef Guardian { get; }
    LocalActorRef SystemGuardian { get; }
    IActorRef DeadLetters { get; }
    IActorRef IgnoreRef { get; }
    ActorPath RootPath { get; }
    Settings Settings { get; }
    Deployer Deployer { get; }
    IInternalActorRef TempContainer { get; }
    Task TerminationTask { get; }

    /// <summary>The address under which others know this system.</summary>
    Address DefaultAddress { get; }

    IActorRef RootGuardianAt(Address address);
    void Init(ActorSystemImpl system);

    /// <summary>A fresh path below /temp.</summary>
    ActorPath TempPath();

    void RegisterTempActor(IInternalActorRef actorRef, ActorPath path);
    void UnregisterTempActor(ActorPath path);

    IInternalActorRef ActorOf(ActorSystemImpl system, Props props, IInternalActorRef supervisor, ActorPath path, bool systemService, Deploy deploy, bool lookupDeploy, bool async);

    /// <summary>The actor of that path; a reference to nobody when there is none here.</summary>
    IActorRef ResolveActorRef(string path);

    IActorRef ResolveActorRef(ActorPath actorPath);

    /// <summary>The address to give to a peer at <paramref name="address"/>; null when it cannot reach this system.</summary>
    Address GetExternalAddressFor(Address address);
}

/// <summary>Deployments from configuration. Only those given in code are supported here.</summary>
public class Deployer(Settings settings)
{
    public Settings Settings => settings;

    public Deploy Lookup(ActorPath path) => null;
}
