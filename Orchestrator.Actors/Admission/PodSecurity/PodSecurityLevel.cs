using System.Globalization;

namespace Orchestrator.Actors.Admission.PodSecurity;

/// <summary>How strict the Pod Security Standards are, from not at all.</summary>
public enum PodSecurityLevel : byte
{
    Privileged,
    Baseline,
    Restricted,
}

/// <summary>A level at the version of Kubernetes whose standards count.</summary>
/// <param name="Minor">The minor version; <see cref="Latest"/> for the newest.</param>
public readonly record struct LevelVersion(PodSecurityLevel Level, int Minor)
{
    public const int Latest = int.MaxValue;

    public static LevelVersion Privileged { get; } = new(PodSecurityLevel.Privileged, Latest);

    public override string ToString() =>
        $"{Level.ToString().ToLowerInvariant()}:{(Minor == Latest ? "latest" : "v1." + Minor.ToString(CultureInfo.InvariantCulture))}";

    public static PodSecurityLevel? ReadLevel(string text) => text switch
    {
        "privileged" => PodSecurityLevel.Privileged,
        "baseline" => PodSecurityLevel.Baseline,
        "restricted" => PodSecurityLevel.Restricted,
        _ => null,
    };

    /// <summary>Reads <c>latest</c> or <c>v1.N</c>.</summary>
    public static int? ReadVersion(string text)
    {
        if (text == "latest") return Latest;
        return text.StartsWith("v1.", StringComparison.Ordinal) && int.TryParse(text.AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out var minor)
            && text == $"v1.{minor.ToString(CultureInfo.InvariantCulture)}"
                ? minor
                : null;
    }
}

/// <summary>What a namespace says about the pods in it.</summary>
/// <param name="Enforce">Pods that violate it are refused.</param>
/// <param name="Audit">Violations are noted in the audit log.</param>
/// <param name="Warn">The client is told of violations.</param>
public sealed record PodSecurityPolicy(LevelVersion Enforce, LevelVersion Audit, LevelVersion Warn)
{
    private const string Prefix = "pod-security.kubernetes.io/";

    public static PodSecurityPolicy None { get; } = new(LevelVersion.Privileged, LevelVersion.Privileged, LevelVersion.Privileged);

    public bool IsPrivileged => Enforce.Level == PodSecurityLevel.Privileged && Audit.Level == PodSecurityLevel.Privileged && Warn.Level == PodSecurityLevel.Privileged;

    /// <summary>Reads the labels of a namespace; what they leave open, <paramref name="defaults"/> say. What cannot be read is told, and counts as restricted where it enforces, else not at all.</summary>
    /// <remarks>Source: k8s.io/pod-security-admission, api.PolicyToEvaluate.</remarks>
    public static (PodSecurityPolicy Policy, IReadOnlyList<(string Label, string Value, string Fault)> Faults) Read(
        IReadOnlyDictionary<string, string> labels, PodSecurityPolicy? defaults = null)
    {
        defaults ??= None;
        List<(string, string, string)>? faults = null;
        var enforce = Mode("enforce", defaults.Enforce, strictOnFault: true);
        var policy = new PodSecurityPolicy(enforce, Mode("audit", defaults.Audit, strictOnFault: false), Mode("warn", defaults.Warn, strictOnFault: false));
        // Who enforces something and says nothing of warnings is warned of the same.
        if (labels.ContainsKey(Prefix + "enforce") && policy.Enforce.Level > policy.Warn.Level && !labels.ContainsKey(Prefix + "warn")) policy = policy with { Warn = policy.Enforce };
        return (policy, faults ?? []);

        LevelVersion Mode(string mode, LevelVersion unsaid, bool strictOnFault)
        {
            var (level, version) = unsaid;
            if (labels.TryGetValue(Prefix + mode, out var text))
            {
                if (LevelVersion.ReadLevel(text) is { } known) level = known;
                else
                {
                    (faults ??= []).Add((Prefix + mode, text, "must be one of privileged, baseline, restricted"));
                    level = strictOnFault ? PodSecurityLevel.Restricted : PodSecurityLevel.Privileged;
                }
            }
            if (labels.TryGetValue(Prefix + mode + "-version", out var at))
            {
                if (LevelVersion.ReadVersion(at) is { } known) version = known;
                else (faults ??= []).Add((Prefix + mode + "-version", at, "must be \"latest\" or \"v1.x\""));
            }
            return new LevelVersion(level, version);
        }
    }
}
