namespace Orchestrator.Node.Kubelet;

/// <summary>Which of a container's probes.</summary>
public enum ProbeKind
{
    Startup,
    Liveness,
    Readiness,
}

/// <summary>What one run of a probe found. <paramref name="Success"/> is null when it could not be carried out, which changes nothing.</summary>
public sealed record ProbeResult(bool? Success, string Message);

/// <summary>What a probe has found so far: a verdict changes only after enough equal results in a row.</summary>
/// <param name="Verdict">Null until the first threshold is reached.</param>
public sealed record ProbeProgress(bool? Verdict, bool Last, int InARow)
{
    /// <summary>Before the first result: ready is assumed false, live and started are undecided.</summary>
    public static ProbeProgress Initial { get; } = new(null, false, 0);

    public ProbeProgress After(bool success, Probe probe)
    {
        var inARow = InARow > 0 && Last == success ? InARow + 1 : 1;
        var threshold = success ? probe.SuccessThreshold : probe.FailureThreshold;
        return new ProbeProgress(inARow >= threshold ? success : Verdict, success, inARow);
    }
}
