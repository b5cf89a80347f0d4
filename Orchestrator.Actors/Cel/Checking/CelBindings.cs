using System.Collections.Immutable;
using Orchestrator.Actors.Cel.Types;

namespace Orchestrator.Actors.Cel.Checking;

/// <summary>What the parameters of generic types stand for, as far as the checker has found out.</summary>
internal sealed class CelBindings
{
    private Dictionary<string, CelType> _bound = new(StringComparer.Ordinal);
    private int _fresh;

    public CelType Fresh() => CelType.Parameter($"_var{_fresh++}");

    /// <summary>The type with parameters of its own instead of those of the signature.</summary>
    public CelType Instantiate(CelType type, Dictionary<string, CelType> renamed)
    {
        if (type.Kind == CelTypeKind.Parameter)
        {
            if (!renamed.TryGetValue(type.Name, out var own)) renamed[type.Name] = own = Fresh();
            return own;
        }
        return type.Parameters.IsEmpty ? type : type.With([.. type.Parameters.Select(p => Instantiate(p, renamed))]);
    }

    /// <summary>Whether all values fit, at once; nothing is bound when they do not.</summary>
    public bool TryAssign(IReadOnlyList<CelType> to, IReadOnlyList<CelType> from)
    {
        if (to.Count != from.Count) return false;
        var before = new Dictionary<string, CelType>(_bound, StringComparer.Ordinal);
        for (var i = 0; i < to.Count; i++)
        {
            if (Assign(to[i], from[i])) continue;
            _bound = before;
            return false;
        }
        return true;
    }

    public bool TryAssign(CelType to, CelType from) => TryAssign([to], [from]);

    /// <summary>The type with all that is known put in.</summary>
    /// <param name="final">Parameters that nothing was learnt about become dyn.</param>
    public CelType Resolve(CelType type, bool final = false)
    {
        if (type.Kind == CelTypeKind.Parameter)
            return _bound.TryGetValue(type.Name, out var bound) ? Resolve(bound, final) : final ? CelType.Dyn : type;
        if (type.Parameters.IsEmpty) return type;
        var parameters = ImmutableArray.CreateBuilder<CelType>(type.Parameters.Length);
        var changed = false;
        foreach (var parameter in type.Parameters)
        {
            var resolved = Resolve(parameter, final);
            changed |= !ReferenceEquals(resolved, parameter);
            parameters.Add(resolved);
        }
        return changed ? type.With(parameters.MoveToImmutable()) : type;
    }

    /// <summary>The type of an aggregate that holds both; null when a mixture is not allowed.</summary>
    public CelType? Join(CelType? previous, CelType current)
    {
        if (previous is null) return current;
        if (!TryAssign(previous, current)) return null;
        return IsMoreGeneral(previous, current) ? previous : current;
    }

    private static bool IsMoreGeneral(CelType a, CelType b)
    {
        if (a.IsDyn || a.Kind == CelTypeKind.Parameter) return true;
        if (a.Kind != b.Kind || a.Parameters.Length != b.Parameters.Length) return a.Kind != CelTypeKind.Null;
        for (var i = 0; i < a.Parameters.Length; i++)
            if (!IsMoreGeneral(a.Parameters[i], b.Parameters[i])) return false;
        return true;
    }

    private bool Assign(CelType to, CelType from)
    {
        if (to.Kind == CelTypeKind.Parameter) return AssignParameter(to, from, to);
        if (from.Kind == CelTypeKind.Parameter) return AssignParameter(from, to, to);
        if (to.IsDyn || from.IsDyn) return true;
        if (from.Kind == CelTypeKind.Null && IsNullable(to)) return true;
        if (to.Kind == CelTypeKind.Null && IsNullable(from)) return true;
        if (to.Kind != from.Kind) return false;
        if (to.Kind == CelTypeKind.Type) return true;
        if (to.Name != from.Name || to.Parameters.Length != from.Parameters.Length) return false;
        for (var i = 0; i < to.Parameters.Length; i++)
            if (!Assign(to.Parameters[i], from.Parameters[i])) return false;
        return true;
    }

    private bool AssignParameter(CelType parameter, CelType other, CelType to)
    {
        if (other.Kind == CelTypeKind.Parameter && other.Name == parameter.Name) return true;
        if (_bound.TryGetValue(parameter.Name, out var bound))
        {
            var (left, right) = ReferenceEquals(parameter, to) ? (bound, other) : (other, bound);
            if (!Assign(left, right)) return false;
            if (other.Kind != CelTypeKind.Parameter && IsMoreGeneral(other, Resolve(bound)) && !Occurs(parameter.Name, other)) _bound[parameter.Name] = other;
            return true;
        }
        if (Occurs(parameter.Name, other)) return false;
        _bound[parameter.Name] = other;
        return true;
    }

    private bool Occurs(string name, CelType type)
    {
        if (type.Kind == CelTypeKind.Parameter)
            return type.Name == name || (_bound.TryGetValue(type.Name, out var bound) && Occurs(name, bound));
        return type.Parameters.Any(p => Occurs(name, p));
    }

    private static bool IsNullable(CelType type) =>
        type.Kind is CelTypeKind.Object or CelTypeKind.Opaque or CelTypeKind.Timestamp or CelTypeKind.Duration or CelTypeKind.Optional;
}
