namespace Orchestrator.Actors.Authorization;

/// <summary>What an authorizer says to a request.</summary>
public enum AccessVerdict : byte
{
    /// <summary>Others decide; when none does, the request is refused.</summary>
    NoOpinion,
    Allow,

    /// <summary>Refused whatever others say.</summary>
    Deny,
}

/// <param name="Verdict">The answer.</param>
/// <param name="Reason">Why; may be empty.</param>
/// <param name="EvaluationError">What could not be looked at, such as a role that is bound but does not exist; may be empty.</param>
public readonly record struct AccessDecision(AccessVerdict Verdict, string Reason = "", string EvaluationError = "")
{
    public static AccessDecision NoOpinion { get; } = new(AccessVerdict.NoOpinion);

    // The default of a struct has null in them.
    public string Reason { get => field ?? ""; init; } = Reason;

    public string EvaluationError { get => field ?? ""; init; } = EvaluationError;

    /// <summary>An authorizer could not decide, as <see cref="EvaluationError"/> tells: unless it is allowed, the request fails and is not refused.</summary>
    public bool Failed { get; init; }

    public bool Allowed => Verdict == AccessVerdict.Allow;
}
