namespace Orchestrator.Actors.Tests.Admission;

/// <summary>The least that every kind accepts, by its path.</summary>
internal static class MinimalObjects
{
    private const string PodTemplate = """{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}""";
    private const string Selector = """{"matchLabels":{"a":"b"}}""";
    private const string Scaled = """{"scaleTargetRef":{"kind":"Deployment","name":"d","apiVersion":"apps/v1"},"maxReplicas":3}""";

    /// <summary>A PKCS#10 request for the name "minimal", made for this test with a key that is thrown away.</summary>
    private const string Request = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlITU1IUUNBUUF3RWpFUU1BNEdBMVVFQXd3SGJXbHVhVzFoYkRCWk1CTUdCeXFHU000OUFnRUdDQ3FHU000OQpBd0VIQTBJQUJOcUdvdUNlRUZ0S0JnelEySWpkUHNBejJROEZBVHVKeEE4R3huNDVMWHVxN25yK043S1J3RXl6ClU5TmtGTnMzNURDRXFNc29rSzZlZHlwRnBKN3dJd1dnQURBS0JnZ3Foa2pPUFFRREFnTklBREJGQWlBbGd3NU8KaWNKMHFldE5Ia0ZtdXFwYjdVOWtOTVV4WjJ3TEhyNlJSZmxYMkFJaEFQc3oxWjQwRnpWMGF1cXBxaktBYzFBOApyeWhRUG5UTDFLZXRwUldxV3ppMwotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K";

    /// <summary>What stands beside metadata, without the outer braces.</summary>
    public static IReadOnlyDictionary<string, string> Bodies { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["/v1/configmaps"] = "",
        ["/v1/endpoints"] = "",
        ["/v1/events"] = """ "involvedObject":{"namespace":"default","name":"x"} """,
        ["/v1/limitranges"] = """ "spec":{"limits":[{"type":"Container"}]} """,
        ["/v1/namespaces"] = "",
        ["/v1/persistentvolumeclaims"] = """ "spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}} """,
        ["/v1/pods"] = """ "spec":{"containers":[{"name":"c","image":"i"}]} """,
        ["/v1/podtemplates"] = $""" "template":{PodTemplate} """,
        ["/v1/replicationcontrollers"] = $$""" "spec":{"selector":{"a":"b"},"template":{{PodTemplate}}} """,
        ["/v1/resourcequotas"] = """ "spec":{"hard":{"pods":"5"}} """,
        ["/v1/secrets"] = "",
        ["/v1/serviceaccounts"] = "",
        ["/v1/services"] = """ "spec":{"ports":[{"port":80}]} """,
        ["/v1/nodes"] = "",
        ["/v1/persistentvolumes"] = """ "spec":{"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/data"}} """,
        ["admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"] = "",
        ["admissionregistration.k8s.io/v1/validatingadmissionpolicies"] =
            """ "spec":{"matchConstraints":{"resourceRules":[{"apiGroups":["apps"],"apiVersions":["v1"],"operations":["CREATE"],"resources":["deployments"]}]},"validations":[{"expression":"object.spec.replicas <= 5"}]} """,
        ["admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"] = """ "spec":{"policyName":"p","validationActions":["Deny"]} """,
        ["admissionregistration.k8s.io/v1/validatingwebhookconfigurations"] = "",
        ["apiextensions.k8s.io/v1/customresourcedefinitions"] =
            """ "spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"minimals","kind":"Minimal"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]} """,
        ["apiregistration.k8s.io/v1/apiservices"] = """ "spec":{"group":"example.com","version":"v1","groupPriorityMinimum":10,"versionPriority":10} """,
        ["apps/v1/controllerrevisions"] = """ "data":{"a":1},"revision":1 """,
        ["apps/v1/daemonsets"] = $$""" "spec":{"selector":{{Selector}},"template":{{PodTemplate}}} """,
        ["apps/v1/deployments"] = $$""" "spec":{"selector":{{Selector}},"template":{{PodTemplate}}} """,
        ["apps/v1/replicasets"] = $$""" "spec":{"selector":{{Selector}},"template":{{PodTemplate}}} """,
        ["apps/v1/statefulsets"] = $$""" "spec":{"selector":{{Selector}},"template":{{PodTemplate}}} """,
        ["autoscaling/v1/horizontalpodautoscalers"] = $$""" "spec":{{Scaled}} """,
        ["autoscaling/v2/horizontalpodautoscalers"] = $$""" "spec":{{Scaled}} """,
        ["batch/v1/cronjobs"] = """ "spec":{"schedule":"*/5 * * * *","jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}} """,
        ["batch/v1/jobs"] = """ "spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}} """,
        ["certificates.k8s.io/v1/certificatesigningrequests"] =
            $$""" "spec":{"request":"{{Request}}","signerName":"example.com/signer","usages":["client auth"]} """,
        ["coordination.k8s.io/v1/leases"] = "",
        ["discovery.k8s.io/v1/endpointslices"] = """ "addressType":"IPv4","endpoints":[] """,
        ["events.k8s.io/v1/events"] =
            """ "eventTime":"2026-01-02T03:04:05.000000Z","reportingController":"a.b/c","reportingInstance":"i","action":"do","reason":"r","type":"Normal","regarding":{"namespace":"default","name":"x"} """,
        ["flowcontrol.apiserver.k8s.io/v1/flowschemas"] = """ "spec":{"priorityLevelConfiguration":{"name":"p"}} """,
        ["flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations"] = """ "spec":{"type":"Limited","limited":{"limitResponse":{"type":"Reject"}}} """,
        ["networking.k8s.io/v1/ingressclasses"] = """ "spec":{"controller":"example.com/c"} """,
        ["networking.k8s.io/v1/ingresses"] = """ "spec":{"defaultBackend":{"service":{"name":"s","port":{"number":80}}}} """,
        ["networking.k8s.io/v1/networkpolicies"] = """ "spec":{"podSelector":{}} """,
        ["node.k8s.io/v1/runtimeclasses"] = """ "handler":"runc" """,
        ["policy/v1/poddisruptionbudgets"] = $$""" "spec":{"minAvailable":1,"selector":{{Selector}}} """,
        ["rbac.authorization.k8s.io/v1/clusterrolebindings"] = """ "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"r"} """,
        ["rbac.authorization.k8s.io/v1/clusterroles"] = "",
        ["rbac.authorization.k8s.io/v1/rolebindings"] = """ "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"r"} """,
        ["rbac.authorization.k8s.io/v1/roles"] = "",
        ["scheduling.k8s.io/v1/priorityclasses"] = """ "value":5 """,
        ["storage.k8s.io/v1/csidrivers"] = "",
        ["storage.k8s.io/v1/csinodes"] = """ "spec":{"drivers":[]} """,
        ["storage.k8s.io/v1/csistoragecapacities"] = """ "storageClassName":"c" """,
        ["storage.k8s.io/v1/storageclasses"] = """ "provisioner":"example.com/p" """,
        ["storage.k8s.io/v1/volumeattachments"] = """ "spec":{"attacher":"example.com","nodeName":"n","source":{"persistentVolumeName":"v"}} """,
    };
}
