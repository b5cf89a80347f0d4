using Orchestrator.Actors.Cel;
using Orchestrator.Actors.Cel.Evaluation;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Cel;

/// <summary>Compiles and evaluates with a dynamic variable <c>x</c>, an int <c>i</c> and a string <c>s</c>.</summary>
internal static class CelFixture
{
    public static readonly CelEnvironment Environment = CelEnvironment.Kubernetes.With(
        ("x", CelType.Dyn), ("i", CelType.Int), ("s", CelType.String), ("names", CelType.List(CelType.String)), ("labels", CelType.Map(CelType.String, CelType.String)));

    public static CelValue Evaluate(string expression, string x = "{\"a\":{\"b\":[1,2,3]},\"n\":null,\"t\":\"text\",\"f\":1.5}", CelBudget? budget = null)
    {
        var compilation = Environment.Compile(expression);
        if (compilation.Program is null) return new CelError(compilation.Errors);
        var activation = new CelActivation(Environment)
            .Set("x", CelJson.Of(JsonNode.Parse(x)))
            .Set("i", CelInt.Of(7))
            .Set("s", new CelString("héllo"))
            .Set("names", CelJson.Of(JsonNode.Parse("[\"a\",\"b\"]")))
            .Set("labels", CelJson.Of(JsonNode.Parse("{\"app\":\"web\"}")));
        return compilation.Program.Evaluate(activation, budget ?? new CelBudget(CelBudget.PerObjectMax));
    }
}
