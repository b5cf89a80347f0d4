namespace Orchestrator.Actors.Admission;

/// <summary>What admission has to say beside yes or no: warnings for the client and annotations for the audit log. One per request.</summary>
/// <remarks>A write that loses against another is admitted again, so the same remark counts once.</remarks>
public sealed class AdmissionNotes
{
    private readonly List<string> _warnings = [];
    private readonly Dictionary<string, string> _auditAnnotations = new(StringComparer.Ordinal);

    /// <summary>In the order in which they came.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    public IReadOnlyDictionary<string, string> AuditAnnotations => _auditAnnotations;

    public void Warn(string text)
    {
        if (!_warnings.Contains(text)) _warnings.Add(text);
    }

    /// <param name="key">Qualified, such as <c>pod-security.kubernetes.io/enforce-policy</c>.</param>
    public void Audit(string key, string value) => _auditAnnotations[key] = value;
}
