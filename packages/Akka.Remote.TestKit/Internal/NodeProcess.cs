namespace Akka.Remote.TestKit.Internal;

/// <summary>What this process is told by the adapter that started it.</summary>
/// <param name="RoleIndex">Its role, counted from 0 in the order of the configuration.</param>
/// <param name="ConductorPort">TCP port of the conductor on loopback.</param>
internal sealed record NodeProcess(int RoleIndex, int ConductorPort)
{
    /// <summary>Exit code of a process that has lost the conductor: nobody waits for it any more.</summary>
    public const int ConductorLost = 3;

    private static NodeProcess? _current;

    public static NodeProcess Current
    {
        get => _current ?? throw new InvalidOperationException(
            "This is no process of a multi-node test: mark the method with [MultiNodeFact], whose adapter starts one process per role.");
        set => _current = value;
    }
}
