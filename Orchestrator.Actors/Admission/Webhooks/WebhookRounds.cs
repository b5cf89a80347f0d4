using Orchestrator.Actors.Resources;


namespace Orchestrator.Actors.Admission.Webhooks;

/// <summary>Which mutating webhooks one request has met, and which of them have to be asked again.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/admission/plugin/webhook/mutating/reinvocationcontext.go.</remarks>
internal sealed class WebhookRounds
{
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly HashSet<string> _due = new(StringComparer.Ordinal);

    /// <summary>The object as the last webhook left it.</summary>
    public JsonNode? LastSeen { get; set; }

    /// <summary>A webhook that may be asked again has been asked.</summary>
    public void Asked(string id) => _asked.Add(id);

    /// <summary>The object has changed since those were asked.</summary>
    public void AskAgain()
    {
        _due.UnionWith(_asked);
        _asked.Clear();
    }

    public bool IsDue(string id) => _due.Contains(id);
}
