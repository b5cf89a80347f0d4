namespace Akka;

/// <summary>The result of something that has no other result.</summary>
public sealed class Done
{
    public static readonly Done Instance = new();

    private Done() { }
}

/// <summary>Marks a type argument that stands for nothing.</summary>
public sealed class NotUsed : IComparable<NotUsed>
{
    public static readonly NotUsed Instance = new();

    private NotUsed() { }

    public int CompareTo(NotUsed other) => 0;
    public override string ToString() => "NotUsed";
}
