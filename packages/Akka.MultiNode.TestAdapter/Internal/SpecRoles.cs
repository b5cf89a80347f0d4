using System.Reflection;
using Akka.Remote.TestKit;

namespace Akka.MultiNode.TestAdapter.Internal;

/// <summary>Finds the roles of a spec without making it: by the MultiNodeConfig that one of its constructors takes.</summary>
internal static class SpecRoles
{
    /// <exception cref="MultiNodeRunException">The class is no spec, or its configuration cannot be found or made.</exception>
    public static IReadOnlyList<string> Of(Type spec)
    {
        if (!typeof(MultiNodeSpec).IsAssignableFrom(spec))
            throw new MultiNodeRunException($"{spec} has a [MultiNodeFact] but does not derive from MultiNodeSpec.");
        var config = spec.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .SelectMany(c => c.GetParameters())
            .Select(p => p.ParameterType)
            .FirstOrDefault(t => typeof(MultiNodeConfig).IsAssignableFrom(t) && !t.IsAbstract)
            ?? throw new MultiNodeRunException($"{spec} has no constructor that takes its MultiNodeConfig.");
        if (config.GetConstructor(Type.EmptyTypes) is null)
            throw new MultiNodeRunException($"{config} has no public constructor without parameters.");
        var roles = ((MultiNodeConfig)Activator.CreateInstance(config)!).Roles;
        return roles.IsEmpty ? throw new MultiNodeRunException($"{config} has no roles.") : [.. roles.Select(r => r.Name)];
    }
}
