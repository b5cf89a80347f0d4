namespace Akka.Remote.TestKit;

/// <summary>Names one of the processes that take part in a multi-node test.</summary>
public sealed record RoleName(string Name)
{
    public override string ToString() => $"RoleName({Name})";
}
