namespace Orchestrator.Actors.Resources;

/// <summary>Names one object within its type; <see cref="Namespace"/> is empty for cluster-scoped objects.</summary>
/// <remarks>Ordered by namespace, then name, ordinally: the order of lists and of continue tokens.</remarks>
public readonly record struct ObjectKey(string Namespace, string Name) : IComparable<ObjectKey>
{
    public int CompareTo(ObjectKey other)
    {
        var byNamespace = string.CompareOrdinal(Namespace, other.Namespace);
        return byNamespace != 0 ? byNamespace : string.CompareOrdinal(Name, other.Name);
    }

    public bool Equals(ObjectKey other) =>
        string.Equals(Name, other.Name, StringComparison.Ordinal) && string.Equals(Namespace, other.Namespace, StringComparison.Ordinal);

    public override int GetHashCode() => HashCode.Combine(Namespace, Name);

    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}
