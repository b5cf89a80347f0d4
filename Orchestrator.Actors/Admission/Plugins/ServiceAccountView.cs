using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>What a service account gives to its pods; parsed once per version.</summary>
internal sealed class ServiceAccountView
{
    public static readonly ServiceAccountView Empty = new(default);

    private ServiceAccountView(JsonElement root)
    {
        Automount = root.Get("automountServiceAccountToken").ValueKind != JsonValueKind.False;
        ImagePullSecrets = [.. root.Items("imagePullSecrets").Select(static s => s.Text("name"))];
    }

    /// <summary>Pods get a token unless they say otherwise.</summary>
    public bool Automount { get; }

    public string[] ImagePullSecrets { get; }

    public static ServiceAccountView Of(StoredObject o) => o.View(static o =>
    {
        using var document = JsonDocument.Parse(o.Json);
        return new ServiceAccountView(document.RootElement);
    });
}
