using System.Collections.Immutable;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Checking;

/// <summary>Functions and constants that an environment offers together.</summary>
public sealed class CelLibrary
{
    private readonly ImmutableArray<CelOverload>.Builder _overloads = ImmutableArray.CreateBuilder<CelOverload>();
    private readonly Dictionary<string, (CelType Type, CelValue Value)> _constants = new(StringComparer.Ordinal);

    public IReadOnlyList<CelOverload> Overloads => _overloads;

    /// <summary>Names with a fixed value: types, mostly.</summary>
    public IReadOnlyDictionary<string, (CelType Type, CelValue Value)> Constants => _constants;

    /// <summary>Adds a signature such as <c>string.contains(string) bool</c>. A global function with a dotted name starts with a dot.</summary>
    public CelLibrary Add(string signature, CelBody body, CelCostRule cost = CelCostRule.Unit, bool takesErrors = false)
    {
        _overloads.Add(CelSignature.Read(signature, body, cost, takesErrors));
        return this;
    }

    public CelLibrary Add(CelOverload overload)
    {
        _overloads.Add(overload);
        return this;
    }

    public CelLibrary AddConstant(string name, CelType type, CelValue value)
    {
        _constants[name] = (type, value);
        return this;
    }

    /// <summary>Makes the name of a type usable as a value.</summary>
    public CelLibrary AddType(string name, CelType type) => AddConstant(name, CelType.TypeOf(type), new CelTypeValue(type));
}
