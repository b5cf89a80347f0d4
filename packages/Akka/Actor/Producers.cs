using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;

namespace Akka.Actor;

internal sealed class FixedProducer(Type type, Func<ActorBase> make) : IIndirectActorProducer
{
    public Type ActorType => type;
    public ActorBase Produce() => make();

    public void Release(ActorBase actor) => (actor as IDisposable)?.Dispose();
}

/// <summary>Calls a constructor through a cached invoker: entities are made by the thousand.</summary>
internal sealed class ReflectiveProducer : IIndirectActorProducer
{
    private static readonly ConcurrentDictionary<ConstructorInfo, ConstructorInvoker> Invokers = new();
    private readonly object[] _args;
    private readonly ConstructorInvoker _invoker;

    public ReflectiveProducer(Type type, object[] args, ConstructorInfo constructor = null)
    {
        (ActorType, _args) = (type, args);
        if (!type.IsAssignableTo(typeof(ActorBase))) throw new ArgumentException($"{type} is not an actor");
        constructor ??= Find(type, args);
        _invoker = constructor is null ? null : Invokers.GetOrAdd(constructor, ConstructorInvoker.Create);
        if (constructor is not null) _args = FillDefaults(constructor, args);
    }

    public Type ActorType { get; }

    public ActorBase Produce()
    {
        if (_invoker is null) throw new MissingMethodException($"{ActorType} has no constructor for {_args.Length} such arguments");
        return (ActorBase)_invoker.Invoke(_args.AsSpan());
    }

    public void Release(ActorBase actor) => (actor as IDisposable)?.Dispose();

    private static ConstructorInfo Find(Type type, object[] args)
    {
        if (type.IsAbstract) return null;
        return type.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(c => Fits(c.GetParameters(), args))
            .OrderBy(c => c.GetParameters().Length)
            .ThenByDescending(c => c.GetParameters().Zip(args).Count(p => p.First.ParameterType == p.Second?.GetType()))
            .FirstOrDefault();
    }

    private static bool Fits(ParameterInfo[] parameters, object[] args)
    {
        if (args.Length > parameters.Length) return false;
        for (var i = 0; i < parameters.Length; i++)
        {
            var type = parameters[i].ParameterType;
            if (i >= args.Length)
            {
                if (!parameters[i].HasDefaultValue) return false;
            }
            else if (args[i] is null ? type.IsValueType && Nullable.GetUnderlyingType(type) is null : !type.IsInstanceOfType(args[i])) return false;
        }

        return true;
    }

    private static object[] FillDefaults(ConstructorInfo constructor, object[] args)
    {
        var parameters = constructor.GetParameters();
        return parameters.Length == args.Length ? args : [.. args, .. parameters.Skip(args.Length).Select(p => p.DefaultValue)];
    }
}

/// <summary>The value of an argument expression, without compiling it in the usual cases.</summary>
internal static class ExpressionValue
{
    public static object Of(Expression expression) => expression switch
    {
        ConstantExpression c => c.Value,
        MemberExpression { Member: FieldInfo f } m when m.Expression is null || Simple(m.Expression) => f.GetValue(Inner(m)),
        MemberExpression { Member: PropertyInfo p } m when m.Expression is null || Simple(m.Expression) => p.GetValue(Inner(m)),
        UnaryExpression { NodeType: ExpressionType.Convert, Method: null } u when u.Type.IsAssignableFrom(u.Operand.Type) => Of(u.Operand),
        _ => Expression.Lambda(expression).Compile(preferInterpretation: true).DynamicInvoke(),
    };

    private static bool Simple(Expression e) => e is ConstantExpression || (e is MemberExpression m && (m.Expression is null || Simple(m.Expression)));

    private static object Inner(MemberExpression m) => m.Expression is null ? null : Of(m.Expression);
}
