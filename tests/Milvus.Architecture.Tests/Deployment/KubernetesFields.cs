namespace Milvus.Architecture.Tests.Deployment;

/// <summary>
/// The part of the Kubernetes API (1.30 and later) that the manifests use, and kustomize's own file. One line per type: its name, then its fields as
/// <c>name:type</c>, <c>name!:type</c> when it must be there. A type is another line's, <c>[T]</c> a list, <c>{T}</c> a map from text, <c>a|b</c> one of these words, or
/// text, int, bool, quantity, port (a number or a name), count (a number or a percentage), any. Kinds are lines that begin with their API version.
/// </summary>
/// <remarks>A field that the API has and this list has not is added here when a manifest needs it.</remarks>
internal static class KubernetesFields
{
    public const string Text = """
        v1/Service metadata!:Meta spec!:ServiceSpec
        v1/ConfigMap metadata!:Meta data:{text} immutable:bool
        v1/Secret metadata!:Meta data:{text} stringData:{text} type:text immutable:bool
        apps/v1/StatefulSet metadata!:Meta spec!:StatefulSetSpec
        apps/v1/Deployment metadata!:Meta spec!:DeploymentSpec
        policy/v1/PodDisruptionBudget metadata!:Meta spec!:DisruptionSpec
        networking.k8s.io/v1/NetworkPolicy metadata!:Meta spec!:NetworkPolicySpec
        kustomize.config.k8s.io/v1beta1/Kustomization resources!:[text] patches:[Patch] configMapGenerator:[Generator] replicas:[Replicas] images:[Image] namespace:text

        Meta name!:text namespace:text labels!:{text} annotations:{text}
        TemplateMeta labels!:{text} annotations:{text}
        ClaimMeta name!:text labels:{text} annotations:{text}
        Selector matchLabels:{text} matchExpressions:[Requirement]
        Requirement key!:text operator!:In|NotIn|Exists|DoesNotExist values:[text]

        ServiceSpec type:ClusterIP|NodePort|LoadBalancer|ExternalName clusterIP:text selector!:{text} ports!:[ServicePort] publishNotReadyAddresses:bool sessionAffinity:None|ClientIP externalTrafficPolicy:Cluster|Local internalTrafficPolicy:Cluster|Local ipFamilyPolicy:SingleStack|PreferDualStack|RequireDualStack loadBalancerClass:text loadBalancerSourceRanges:[text] trafficDistribution:text
        ServicePort name!:text port!:int targetPort!:port protocol:TCP|UDP|SCTP appProtocol:text nodePort:int

        StatefulSetSpec serviceName!:text replicas:int podManagementPolicy:OrderedReady|Parallel minReadySeconds:int revisionHistoryLimit:int selector!:Selector updateStrategy:StatefulSetUpdate template!:Template volumeClaimTemplates:[Claim] persistentVolumeClaimRetentionPolicy:Retention
        StatefulSetUpdate type!:RollingUpdate|OnDelete rollingUpdate:StatefulSetRolling
        StatefulSetRolling partition:int maxUnavailable:count
        Retention whenDeleted:Retain|Delete whenScaled:Retain|Delete
        DeploymentSpec replicas:int minReadySeconds:int progressDeadlineSeconds:int revisionHistoryLimit:int paused:bool selector!:Selector strategy:DeploymentStrategy template!:Template
        DeploymentStrategy type!:RollingUpdate|Recreate rollingUpdate:DeploymentRolling
        DeploymentRolling maxUnavailable:count maxSurge:count
        Template metadata!:TemplateMeta spec!:PodSpec
        PodSpec containers!:[Container] initContainers:[Container] volumes:[Volume] enableServiceLinks:bool automountServiceAccountToken:bool serviceAccountName:text terminationGracePeriodSeconds:int securityContext:PodSecurity topologySpreadConstraints:[Spread] affinity:Affinity nodeSelector:{text} tolerations:[Toleration] priorityClassName:text imagePullSecrets:[Reference] restartPolicy:Always|OnFailure|Never hostNetwork:bool dnsPolicy:ClusterFirst|Default|None|ClusterFirstWithHostNet hostname:text subdomain:text
        Reference name!:text
        PodSecurity runAsNonRoot:bool runAsUser:int runAsGroup:int fsGroup:int fsGroupChangePolicy:OnRootMismatch|Always supplementalGroups:[int] seccompProfile:Seccomp sysctls:[Pair]
        Seccomp type!:RuntimeDefault|Unconfined|Localhost localhostProfile:text
        Pair name!:text value!:text
        Spread maxSkew!:int minDomains:int topologyKey!:text whenUnsatisfiable!:ScheduleAnyway|DoNotSchedule labelSelector!:Selector matchLabelKeys:[text] nodeAffinityPolicy:Honor|Ignore nodeTaintsPolicy:Honor|Ignore
        Affinity podAntiAffinity:PodAffinity podAffinity:PodAffinity nodeAffinity:any
        PodAffinity requiredDuringSchedulingIgnoredDuringExecution:[AffinityTerm] preferredDuringSchedulingIgnoredDuringExecution:[WeightedTerm]
        AffinityTerm topologyKey!:text labelSelector!:Selector namespaces:[text] namespaceSelector:Selector
        WeightedTerm weight!:int podAffinityTerm!:AffinityTerm
        Toleration key:text operator:Exists|Equal value:text effect:NoSchedule|PreferNoSchedule|NoExecute tolerationSeconds:int
        Container name!:text image!:text imagePullPolicy:Always|IfNotPresent|Never command:[text] args:[text] workingDir:text env:[Env] envFrom:[EnvFrom] ports:[ContainerPort] startupProbe:Probe livenessProbe:Probe readinessProbe:Probe lifecycle:Lifecycle resources!:Resources securityContext!:ContainerSecurity volumeMounts:[Mount] terminationMessagePolicy:File|FallbackToLogsOnError terminationMessagePath:text
        Env name!:text value:text valueFrom:EnvSource
        EnvSource fieldRef:FieldRef secretKeyRef:KeyRef configMapKeyRef:KeyRef resourceFieldRef:ResourceRef
        FieldRef fieldPath!:metadata.name|metadata.namespace|metadata.uid|status.podIP|status.hostIP|spec.nodeName apiVersion:text
        KeyRef name!:text key!:text optional:bool
        ResourceRef resource!:text containerName:text divisor:quantity
        EnvFrom configMapRef:OptionalReference secretRef:OptionalReference prefix:text
        OptionalReference name!:text optional:bool
        ContainerPort name!:text containerPort!:int protocol:TCP|UDP|SCTP
        Probe httpGet:HttpGet tcpSocket:TcpSocket exec:Exec grpc:GrpcProbe initialDelaySeconds:int periodSeconds:int timeoutSeconds:int failureThreshold:int successThreshold:int terminationGracePeriodSeconds:int
        HttpGet path!:text port!:port scheme:HTTP|HTTPS host:text httpHeaders:[Pair]
        TcpSocket port!:port host:text
        GrpcProbe port!:int service:text
        Exec command!:[text]
        Lifecycle preStop:Handler postStart:Handler
        Handler sleep:Sleep exec:Exec httpGet:HttpGet
        Sleep seconds!:int
        Resources requests!:{quantity} limits!:{quantity}
        ContainerSecurity allowPrivilegeEscalation:bool readOnlyRootFilesystem:bool privileged:bool runAsNonRoot:bool runAsUser:int runAsGroup:int capabilities:Capabilities seccompProfile:Seccomp
        Capabilities drop:[text] add:[text]
        Mount name!:text mountPath!:text subPath:text readOnly:bool
        Volume name!:text emptyDir:EmptyDir configMap:ConfigMapVolume secret:SecretVolume persistentVolumeClaim:ClaimVolume
        EmptyDir sizeLimit:quantity medium:Memory
        ConfigMapVolume name!:text items:[KeyPath] defaultMode:int optional:bool
        SecretVolume secretName!:text items:[KeyPath] defaultMode:int optional:bool
        KeyPath key!:text path!:text mode:int
        ClaimVolume claimName!:text readOnly:bool
        Claim metadata!:ClaimMeta spec!:ClaimSpec
        ClaimSpec accessModes!:[ReadWriteOnce|ReadOnlyMany|ReadWriteMany|ReadWriteOncePod] storageClassName:text volumeMode:Filesystem|Block resources!:ClaimResources
        ClaimResources requests!:{quantity} limits:{quantity}

        DisruptionSpec maxUnavailable:count minAvailable:count selector!:Selector unhealthyPodEvictionPolicy:IfHealthyBudget|AlwaysAllow
        NetworkPolicySpec podSelector!:Selector policyTypes:[Ingress|Egress] ingress:[IngressRule] egress:[EgressRule]
        IngressRule from:[Peer] ports:[PolicyPort]
        EgressRule to:[Peer] ports:[PolicyPort]
        Peer podSelector:Selector namespaceSelector:Selector ipBlock:IpBlock
        IpBlock cidr!:text except:[text]
        PolicyPort port:port endPort:int protocol:TCP|UDP|SCTP

        Patch path!:text
        Generator name!:text behavior:create|merge|replace literals!:[text]
        Replicas name!:text count!:int
        Image name!:text newName:text newTag:text digest:text
        """;
}
