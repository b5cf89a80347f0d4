using System.Collections.Immutable;
using Akka.Configuration;

namespace Akka.Actor;

/// <summary>One phase of the coordinated shutdown.</summary>
internal sealed record ShutdownPhase(ImmutableHashSet<string> DependsOn, TimeSpan Timeout, bool Recover, bool Enabled)
{
    /// <summary>The phases of akka.coordinated-shutdown; those that are only depended on have the defaults.</summary>
    public static ImmutableDictionary<string, ShutdownPhase> FromConfig(Config config)
    {
        var defaultTimeout = config.GetTimeSpan("default-phase-timeout", TimeSpan.FromSeconds(5), allowInfinite: false);
        var phases = ImmutableDictionary.CreateBuilder<string, ShutdownPhase>(StringComparer.Ordinal);
        foreach (var (name, value) in config.GetConfig("phases")?.AsEnumerable() ?? [])
        {
            var phase = value.ToConfig();
            phases[name] = new ShutdownPhase(
                phase.HasPath("depends-on") ? [.. phase.GetStringList("depends-on")] : [],
                phase.GetTimeSpan("timeout", defaultTimeout, allowInfinite: false),
                phase.GetBoolean("recover", true),
                phase.GetBoolean("enabled", true));
        }

        foreach (var name in phases.Values.SelectMany(p => p.DependsOn).ToList())
            if (!phases.ContainsKey(name))
                phases[name] = new ShutdownPhase([], defaultTimeout, Recover: true, Enabled: true);
        return phases.ToImmutable();
    }

    /// <summary>Every phase after those on which it depends.</summary>
    /// <exception cref="ArgumentException">Phases depend on each other in a circle.</exception>
    public static ImmutableList<string> Sort(ImmutableDictionary<string, ShutdownPhase> phases)
    {
        var result = ImmutableList.CreateBuilder<string>();
        var done = new HashSet<string>(StringComparer.Ordinal);
        var open = new List<string>();
        foreach (var name in phases.Keys.Order(StringComparer.Ordinal)) Visit(name);
        return result.ToImmutable();

        void Visit(string name)
        {
            if (done.Contains(name)) return;
            if (open.Contains(name))
                throw new ArgumentException($"Shutdown phases depend on each other in a circle: {string.Join(" -> ", open.SkipWhile(n => n != name))} -> {name}");
            open.Add(name);
            foreach (var before in phases[name].DependsOn.Order(StringComparer.Ordinal)) Visit(before);
            open.RemoveAt(open.Count - 1);
            done.Add(name);
            result.Add(name);
        }
    }
}
