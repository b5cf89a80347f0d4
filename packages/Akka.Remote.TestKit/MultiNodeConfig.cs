using System.Collections.Immutable;
using Akka.Configuration;
using Akka.Remote.TestKit.Internal;

namespace Akka.Remote.TestKit;

/// <summary>The roles of a multi-node test and their configuration. Every process makes its own instance, so it must be deterministic.</summary>
public abstract class MultiNodeConfig
{
    private const string FaultsKey = "akka.remote.testkit.faults";

    private readonly Dictionary<RoleName, Config> _nodeConfigs = [];
    private Config? _common;
    private bool _testTransport;

    /// <summary>What every role has; <see cref="NodeConfig"/> wins over it.</summary>
    public Config CommonConfig
    {
        set => _common = value;
    }

    /// <summary>Must be on for the conductor to throttle, blackhole or disconnect.</summary>
    public bool TestTransport
    {
        set => _testTransport = value;
    }

    /// <summary>The role of this process.</summary>
    /// <exception cref="InvalidOperationException">This process has none, or the configuration does not name it.</exception>
    public RoleName Myself
    {
        get
        {
            var index = NodeProcess.Current.RoleIndex;
            return index < Roles.Count
                ? Roles[index]
                : throw new InvalidOperationException($"{GetType().Name} has {Roles.Count} roles, and this process is number {index + 1}.");
        }
    }

    /// <summary>All roles in the order of their making; the first one is the traditional place to give orders from.</summary>
    public ImmutableList<RoleName> Roles { get; private set; } = [];

    internal Config Config
    {
        get
        {
            var own = ConfigurationFactory.ParseString($"{FaultsKey} = {(_testTransport ? "on" : "off")}");
            if (_nodeConfigs.TryGetValue(Myself, out var node)) own = own.WithFallback(node);
            return _common is null ? own : own.WithFallback(_common);
        }
    }

    internal static bool AllowsFaults(Config config) => config.GetBoolean(FaultsKey, false);

    /// <summary>Configuration of some roles only; of several configurations the first wins.</summary>
    public void NodeConfig(IEnumerable<RoleName> roles, IEnumerable<Config> configs)
    {
        var merged = configs.Aggregate((first, second) => first.WithFallback(second));
        foreach (var role in roles)
            _nodeConfigs[role] = _nodeConfigs.TryGetValue(role, out var before) ? merged.WithFallback(before) : merged;
    }

    /// <summary>More logging for a test that is looked into; nothing when off.</summary>
    public Config DebugConfig(bool on) => on
        ? ConfigurationFactory.ParseString("""
            akka.loglevel = DEBUG
            akka.remote.log-remote-lifecycle-events = on
            akka.actor.debug { receive = on, fsm = on }
            """)
        : ConfigurationFactory.Empty;

    /// <summary>Makes a role. There is one process for each.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public RoleName Role(string name)
    {
        if (Roles.Any(r => r.Name == name)) throw new ArgumentException($"There already is a role {name}.", nameof(name));
        var role = new RoleName(name);
        Roles = Roles.Add(role);
        return role;
    }
}
