using System.Collections.Frozen;

namespace Orchestrator.Actors.Admission.PodSecurity;

/// <summary>The policy of namespaces that say nothing, and what is not held to any.</summary>
/// <remarks>Source: k8s.io/pod-security-admission, PodSecurityConfiguration, of which this has the same parts.</remarks>
/// <param name="Defaults">What holds where a namespace has no label for it.</param>
/// <param name="Namespaces">Pods of these are not looked at.</param>
/// <param name="Usernames">What these users write is not looked at. A controller that writes for everyone should not be among them.</param>
/// <param name="RuntimeClasses">Pods that name one of these are not looked at.</param>
public sealed record PodSecuritySettings(
    PodSecurityPolicy Defaults, FrozenSet<string> Namespaces, FrozenSet<string> Usernames, FrozenSet<string> RuntimeClasses)
{
    public static PodSecuritySettings None { get; } = new(PodSecurityPolicy.None, [], [], []);
}
