using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Evaluation;

/// <summary>The values of an environment's variables for one evaluation or several. Not for use by two threads at once.</summary>
public sealed class CelActivation(CelEnvironment environment)
{
    private readonly CelValue?[] _values = new CelValue?[environment.Variables.Length];

    /// <summary>Sets a variable.</summary>
    /// <exception cref="ArgumentException">The environment declares no such variable: a fault of the caller.</exception>
    public CelActivation Set(string name, CelValue value)
    {
        var slot = environment.SlotOf(name);
        if (slot < 0) throw new ArgumentException($"no such variable: {name}", nameof(name));
        _values[slot] = value;
        return this;
    }

    internal CelValue? this[int slot] => _values[slot];
}

/// <summary>How much evaluations may cost. Shared by all expressions about one object; not for use by two threads at once.</summary>
/// <param name="total">For all evaluations together.</param>
/// <param name="perCall">For one of them.</param>
/// <remarks>Source of the limits: k8s.io/apiserver, pkg/apis/cel/config.go.</remarks>
public sealed class CelBudget(long total, long perCall = CelBudget.PerCallMax)
{
    /// <summary>What one expression may cost.</summary>
    public const long PerCallMax = 1_000_000;

    /// <summary>What all rules about one object may cost, be they of its schema or of a policy.</summary>
    public const long PerObjectMax = 10_000_000;

    /// <summary>What the match conditions of one webhook or policy may cost.</summary>
    public const long MatchConditionsMax = 2_500_000;

    /// <summary>Below 0 once it is used up.</summary>
    public long Remaining { get; private set; } = total;

    public long PerCall => perCall;

    public bool IsExhausted => Remaining < 0;

    internal void Spend(long cost) => Remaining -= cost;
}

/// <summary>What one evaluation works with.</summary>
internal sealed class CelFrame(CelActivation activation, int locals, long costMax)
{
    public readonly CelValue?[] Locals = new CelValue?[locals];

    public CelActivation Activation => activation;

    public long Cost { get; private set; }

    /// <exception cref="CelCostException">The limit is passed; no error of the language, since nothing may absorb it.</exception>
    public void Charge(long cost)
    {
        Cost += cost;
        if (Cost > costMax) throw new CelCostException();
    }
}

internal sealed class CelCostException : Exception;
