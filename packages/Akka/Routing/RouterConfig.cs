namespace Akka.Routing;

/// <summary>How an actor routes to others. Only its absence is supported.</summary>
public abstract class RouterConfig : IEquatable<RouterConfig>
{
    public virtual RouterConfig WithFallback(RouterConfig routerConfig) => this;
    public virtual bool Equals(RouterConfig other) => ReferenceEquals(this, other);
    public override bool Equals(object obj) => Equals(obj as RouterConfig);
    public override int GetHashCode() => GetType().GetHashCode();
}

/// <summary>No routing.</summary>
public class NoRouter : RouterConfig
{
    protected NoRouter() { }

    public static NoRouter Instance { get; } = new();

    public override RouterConfig WithFallback(RouterConfig routerConfig) => routerConfig;
}
