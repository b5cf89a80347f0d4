using Akka.Configuration;
using Akka.Routing;
using Akka.Util;

namespace Akka.Actor;

/// <summary>On which node an actor runs.</summary>
public abstract class Scope : IEquatable<Scope>, ISurrogated
{
    public static readonly LocalScope Local = LocalScope.Instance;

    public abstract Scope WithFallback(Scope other);
    public abstract Scope Copy();
    public abstract bool Equals(Scope other);
    public override bool Equals(object obj) => Equals(obj as Scope);
    public override int GetHashCode() => GetType().GetHashCode();
    public abstract ISurrogate ToSurrogate(ActorSystem system);
}

internal sealed class NoScopeGiven : Scope
{
    public static readonly NoScopeGiven Instance = new();

    public override Scope WithFallback(Scope other) => other;
    public override Scope Copy() => this;
    public override bool Equals(Scope other) => other is NoScopeGiven;
    public override ISurrogate ToSurrogate(ActorSystem system) => new NoScopeSurrogate();

    public sealed class NoScopeSurrogate : ISurrogate
    {
        public ISurrogated FromSurrogate(ActorSystem system) => Instance;
    }
}

/// <summary>This node.</summary>
public class LocalScope : Scope
{
    private LocalScope() { }

    public static LocalScope Instance { get; } = new();

    public override Scope WithFallback(Scope other) => this;
    public override Scope Copy() => this;
    public override bool Equals(Scope other) => other is LocalScope;
    public override ISurrogate ToSurrogate(ActorSystem system) => new LocalScopeSurrogate();

    public class LocalScopeSurrogate : ISurrogate
    {
        public ISurrogated FromSurrogate(ActorSystem system) => Instance;
    }
}

/// <summary>Another node.</summary>
public class RemoteScope : Scope
{
    public RemoteScope(Address address) => Address = address;

    protected RemoteScope() { }

    public Address Address { get; set; }

    public override Scope WithFallback(Scope other) => this;
    public override Scope Copy() => new RemoteScope(Address);
    public override bool Equals(Scope other) => other is RemoteScope remote && Equals(Address, remote.Address);
    public override bool Equals(object obj) => Equals(obj as Scope);
    public override int GetHashCode() => Address?.GetHashCode() ?? 0;
    public override ISurrogate ToSurrogate(ActorSystem system) => new RemoteScopeSurrogate { Address = Address };

    public class RemoteScopeSurrogate : ISurrogate
    {
        public Address Address { get; set; }

        public ISurrogated FromSurrogate(ActorSystem system) => new RemoteScope(Address);
    }
}

/// <summary>Where and how an actor runs: node, router, dispatcher, mailbox. What is not given comes from a fallback.</summary>
public class Deploy : IEquatable<Deploy>, ISurrogated
{
    public const string NoDispatcherGiven = null;
    public const string NoMailboxGiven = null;
    public const int NoStashSize = -1;
    public static readonly Scope NoScopeGiven = Actor.NoScopeGiven.Instance;
    public static readonly Deploy Local = new(Scope.Local);
    public static readonly Deploy None = new("", ConfigurationFactory.Empty, NoRouter.Instance, NoScopeGiven, NoDispatcherGiven, NoMailboxGiven);

    public Deploy() : this("", ConfigurationFactory.Empty, NoRouter.Instance, NoScopeGiven, NoDispatcherGiven, NoMailboxGiven) { }

    public Deploy(string path, Scope scope) : this(path, ConfigurationFactory.Empty, NoRouter.Instance, scope, NoDispatcherGiven, NoMailboxGiven) { }

    public Deploy(Scope scope) : this("", scope) { }

    public Deploy(RouterConfig routerConfig, Scope scope) : this("", ConfigurationFactory.Empty, routerConfig, scope, NoDispatcherGiven, NoMailboxGiven) { }

    public Deploy(RouterConfig routerConfig) : this(routerConfig, NoScopeGiven) { }

    public Deploy(string path, Config config, RouterConfig routerConfig, Scope scope, string dispatcher, string mailbox, int stashCapacity = NoStashSize) =>
        (Path, Config, RouterConfig, Scope, Dispatcher, Mailbox, StashCapacity) =
        (path, config, routerConfig ?? NoRouter.Instance, scope ?? NoScopeGiven, dispatcher, mailbox, stashCapacity);

    public string Path { get; }
    public Config Config { get; }
    public RouterConfig RouterConfig { get; }
    public Scope Scope { get; }
    public string Dispatcher { get; }
    public string Mailbox { get; }
    public int StashCapacity { get; }

    public Deploy WithScope(Scope scope) => new(Path, Config, RouterConfig, scope, Dispatcher, Mailbox, StashCapacity);
    public Deploy WithMailbox(string mailbox) => new(Path, Config, RouterConfig, Scope, Dispatcher, mailbox, StashCapacity);
    public Deploy WithDispatcher(string dispatcher) => new(Path, Config, RouterConfig, Scope, dispatcher, Mailbox, StashCapacity);
    public Deploy WithRouterConfig(RouterConfig routerConfig) => new(Path, Config, routerConfig, Scope, Dispatcher, Mailbox, StashCapacity);
    public Deploy WithStashCapacity(int stashSize) => new(Path, Config, RouterConfig, Scope, Dispatcher, Mailbox, stashSize);
    public virtual Deploy Copy(Scope scope) => WithScope(scope);

    public virtual Deploy WithFallback(Deploy other) => new(
        Path,
        ReferenceEquals(Config, other.Config) ? Config : Config.SafeWithFallback(other.Config),
        RouterConfig.WithFallback(other.RouterConfig),
        Scope.WithFallback(other.Scope),
        Dispatcher ?? other.Dispatcher,
        Mailbox ?? other.Mailbox,
        StashCapacity == NoStashSize ? other.StashCapacity : StashCapacity);

    public bool Equals(Deploy other) => other is not null && Path == other.Path && Dispatcher == other.Dispatcher && Mailbox == other.Mailbox
        && Scope.Equals(other.Scope) && RouterConfig.Equals(other.RouterConfig);

    public override bool Equals(object obj) => Equals(obj as Deploy);
    public override int GetHashCode() => HashCode.Combine(Path, Dispatcher, Mailbox);
    public ISurrogate ToSurrogate(ActorSystem system) => new DeploySurrogate { Deploy = this };

    public class DeploySurrogate : ISurrogate
    {
        public Deploy Deploy { get; set; }

        public ISurrogated FromSurrogate(ActorSystem system) => Deploy;
    }
}
