namespace Orchestrator.Kubectl.Tests;

/// <summary>Expressions that decide about objects: rules of definitions and admission policies.</summary>
public sealed partial class ApiTests
{
    private const string RuledDefinition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: ranges.rules.example.com}
        spec:
          group: rules.example.com
          scope: Namespaced
          names: {plural: ranges, kind: Range}
          versions:
          - name: v1
            served: true
            storage: true
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec:
                    type: object
                    x-kubernetes-validations:
                    - {rule: "self.min <= self.max", messageExpression: "'min ' + string(self.min) + ' is above ' + string(self.max)"}
                    properties:
                      min: {type: integer}
                      max: {type: integer}
                      unit: {type: string, x-kubernetes-validations: [{rule: "self == oldSelf", message: "unit is immutable"}]}
        """;

    [SkippableFact]
    public async Task CustomResource_KeepsTheRulesOfItsDefinition()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.ApplyAsync(RuledDefinition);
        await kubectl.RunAsync("wait", "--for=condition=Established", "crd/ranges.rules.example.com");
        await kubectl.ApplyAsync(Range(1, 2, "cm"));

        var broken = await kubectl.TryApplyAsync(Range(3, 2, "cm"));
        Assert.Contains("spec: Invalid value: \"object\": min 3 is above 2", broken.Error, StringComparison.Ordinal);
        var changed = await kubectl.TryApplyAsync(Range(1, 2, "mm"));
        Assert.Contains("spec.unit: Invalid value: \"string\": unit is immutable", changed.Error, StringComparison.Ordinal);
        await kubectl.ApplyAsync(Range(2, 2, "cm"));

        var faulty = await kubectl.TryApplyAsync(RuledDefinition.Replace("self.min <= self.max", "self.low <= self.max", StringComparison.Ordinal));
        Assert.Contains("compilation failed: ERROR: <input>:1:5: undefined field 'low'", faulty.Error, StringComparison.Ordinal);
        await kubectl.RunAsync("delete", "crd", "ranges.rules.example.com");

        static string Range(int min, int max, string unit) =>
            $"apiVersion: rules.example.com/v1\nkind: Range\nmetadata: {{name: r}}\nspec: {{min: {min}, max: {max}, unit: {unit}}}\n";
    }

    [SkippableFact]
    public async Task ValidatingAdmissionPolicy_RefusesAndWarns()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.ApplyAsync($$"""
            apiVersion: admissionregistration.k8s.io/v1
            kind: ValidatingAdmissionPolicy
            metadata: {name: replicas.example.com}
            spec:
              matchConstraints:
                namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "{{kubectl.Namespace}}" } }
                resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments, deployments/scale]}]
              validations:
              - {expression: "object.spec.replicas <= 3", messageExpression: "'no more than 3, not ' + string(object.spec.replicas)"}
            ---
            apiVersion: admissionregistration.k8s.io/v1
            kind: ValidatingAdmissionPolicyBinding
            metadata: {name: replicas}
            spec: {policyName: replicas.example.com, validationActions: [Deny]}
            """);
        var refused = await kubectl.TryAsync("create", "deployment", "big", "--image=i", "--replicas=5");
        Assert.Contains("ValidatingAdmissionPolicy 'replicas.example.com' with binding 'replicas' denied request: no more than 3, not 5", refused.Error, StringComparison.Ordinal);
        await kubectl.RunAsync("create", "deployment", "small", "--image=i", "--replicas=2");
        var scaled = await kubectl.TryAsync("scale", "deployment", "small", "--replicas=4");
        Assert.Contains("no more than 3, not 4", scaled.Error, StringComparison.Ordinal);

        await kubectl.RunAsync("patch", "validatingadmissionpolicybinding", "replicas", "--type=merge", "-p", """{"spec":{"validationActions":["Warn"]}}""");
        var warned = await kubectl.TryAsync("create", "deployment", "big", "--image=i", "--replicas=5");
        Assert.Contains("Warning: Validation failed for ValidatingAdmissionPolicy 'replicas.example.com' with binding 'replicas': no more than 3, not 5", warned.Error, StringComparison.Ordinal);
        await kubectl.RunAsync("delete", "validatingadmissionpolicy,validatingadmissionpolicybinding", "--all");
    }
}
