import { describeFaults } from './describe-faults.ts';

describeFaults('fhir-rest, read back');
