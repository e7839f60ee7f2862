#include "go_asm.h"
#include "textflag.h"

// Both return the first block of places at which the byte p[place+keys.at]
// or-ed with keys.firstFold is keys.first, and likewise the second one, as a mask and its
// first place; mask 0 if there is none, and base then is that of the last block.

// func find512(p unsafe.Pointer, places int, keys *findKeys) (mask uint64, base int)
TEXT ·find512(SB), NOSPLIT, $0-40
	MOVQ p+0(FP), SI
	MOVQ places+8(FP), CX
	MOVQ keys+16(FP), R9
	MOVQ findKeys_at(R9), DI
	MOVQ findKeys_at2(R9), R8
	ADDQ SI, DI
	ADDQ SI, R8
	VPBROADCASTB (R9), Z16
	VPBROADCASTB 1(R9), Z17
	VPBROADCASTB 2(R9), Z18
	VPBROADCASTB 3(R9), Z19
	XORL AX, AX
	MOVQ CX, R10
	SUBQ $64, R10                  // last base of a whole block
	JLT  tail

block:
	VPORD (DI)(AX*1), Z17, Z0
	VPORD (R8)(AX*1), Z19, Z1
	VPCMPEQB Z16, Z0, K1
	VPCMPEQB Z18, Z1, K1, K2
	KORTESTQ K2, K2
	JNE  hit
	ADDQ $64, AX
	CMPQ AX, R10
	JLE  block

tail:
	MOVQ CX, R11
	SUBQ AX, R11                   // 0 to 63 places left
	MOVQ $-1, BX
	BZHIQ R11, BX, BX
	KMOVQ BX, K3
	VMOVDQU8.Z (DI)(AX*1), K3, Z0
	VMOVDQU8.Z (R8)(AX*1), K3, Z1
	VPORD Z17, Z0, Z0
	VPORD Z19, Z1, Z1
	VPCMPEQB Z16, Z0, K3, K1
	VPCMPEQB Z18, Z1, K1, K2

hit:
	KMOVQ K2, BX
	VZEROUPPER
	MOVQ BX, mask+24(FP)
	MOVQ AX, base+32(FP)
	RET

// func find256(p unsafe.Pointer, places int, keys *findKeys) (mask uint64, base int)
// Whole blocks of 32 places alone.
TEXT ·find256(SB), NOSPLIT, $0-40
	MOVQ p+0(FP), SI
	MOVQ places+8(FP), CX
	MOVQ keys+16(FP), R9
	MOVQ findKeys_at(R9), DI
	MOVQ findKeys_at2(R9), R8
	ADDQ SI, DI
	ADDQ SI, R8
	VPBROADCASTB (R9), Y4
	VPBROADCASTB 1(R9), Y5
	VPBROADCASTB 2(R9), Y6
	VPBROADCASTB 3(R9), Y7
	XORL AX, AX
	XORL BX, BX
	SUBQ $32, CX                   // last base of a whole block

block:
	CMPQ AX, CX
	JG   none
	VPOR (DI)(AX*1), Y5, Y0
	VPOR (R8)(AX*1), Y7, Y1
	VPCMPEQB Y4, Y0, Y0
	VPCMPEQB Y6, Y1, Y1
	VPAND Y0, Y1, Y0
	VPMOVMSKB Y0, BX
	ADDQ $32, AX
	TESTL BX, BX
	JEQ  block
	SUBQ $32, AX
	JMP  done

none:
	SUBQ $32, AX                   // the caller goes on behind this block

done:
	VZEROUPPER
	MOVQ BX, mask+24(FP)
	MOVQ AX, base+32(FP)
	RET
