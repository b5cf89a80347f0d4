namespace Orchestrator.Actors.Resources;

/// <summary>A type of resource, whatever its served version: the API group and the lower-case plural.</summary>
/// <remarks>Its text form, <c>pods</c> or <c>deployments.apps</c>, names the registry entity and its journal.</remarks>
public readonly record struct ResourceType(string Group, string Plural)
{
    /// <summary>A type of the core group.</summary>
    public static ResourceType Core(string plural) => new("", plural);

    /// <summary>Reads <c>plural</c> or <c>plural.group</c>.</summary>
    public static ResourceType Parse(string text)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? new ResourceType("", text) : new ResourceType(text[(dot + 1)..], text[..dot]);
    }

    public override string ToString() => Group.Length == 0 ? Plural : $"{Plural}.{Group}";
}
