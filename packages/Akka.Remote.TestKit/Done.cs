namespace Akka.Remote.TestKit;

/// <summary>Tells that an order of the conductor has been carried out.</summary>
public sealed class Done
{
    private Done() { }

    public static Done Instance { get; } = new();
}
