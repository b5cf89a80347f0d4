namespace Orchestrator.Actors.Tests.Registry;

/// <summary>A small generator whose seed is in the test's name, so that a failure is repeated by running it again.</summary>
internal sealed class DeterministicRandom(int seed)
{
    private ulong _state = (ulong)seed * 0x9E3779B97F4A7C15 + 1;

    /// <summary>A number from 0 to below <paramref name="bound"/>.</summary>
    public int Next(int bound)
    {
        _state ^= _state << 13;
        _state ^= _state >> 7;
        _state ^= _state << 17;
        return (int)(_state % (ulong)bound);
    }
}
